namespace Inferometer.Measurement.Explanation;

/// <summary>A part of a predicted time.</summary>
/// <param name="Key">Name for machines, snake case.</param>
/// <param name="Name">What the time goes into.</param>
/// <param name="Milliseconds">How long.</param>
public sealed record TimePart(string Key, string Name, double Milliseconds);
