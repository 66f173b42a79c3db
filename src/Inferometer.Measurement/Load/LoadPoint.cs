namespace Inferometer.Measurement.Load;

/// <summary>One load of a sweep.</summary>
/// <param name="RequestsPerSecond">The rate at which requests were sent.</param>
/// <param name="Result">What the service did.</param>
/// <param name="KeepsUp">Whether it kept up (<see cref="LoadSweep.KeepsUp"/>).</param>
public sealed record LoadPoint(double RequestsPerSecond, LoadResult Result, bool KeepsUp);
