namespace Inferometer.Measurement.Load;

/// <summary>One load of a sweep.</summary>
/// <param name="RequestsPerSecond">The rate at which requests were sent.</param>
/// <param name="Result">What the service did.</param>
/// <param name="KeepsUp">Whether it kept up (<see cref="LoadSweep.KeepsUp"/>).</param>
public sealed record LoadPoint(double RequestsPerSecond, LoadResult Result, bool KeepsUp)
{
    private const double LeastSeconds = 2;

    /// <summary>What the service is known to do at this rate: no more than was sent, and no more than was answered.</summary>
    public double AnsweredPerSecond => Math.Min(RequestsPerSecond, Result.Report.Value.RequestsPerSecond);

    /// <summary>From the first request to the last, seconds.</summary>
    public double Seconds => Result.Timelines[^1].ArrivalSeconds - Result.Timelines[0].ArrivalSeconds;

    /// <summary>Whether its requests came within so little time that a service which falls behind need not show it.</summary>
    public bool IsShort => Seconds < LeastSeconds;

    /// <summary>Requests with which it would not be short.</summary>
    public int EnoughRequests => (int)Math.Min(int.MaxValue, Math.Ceiling(RequestsPerSecond * LeastSeconds) + 1);
}
