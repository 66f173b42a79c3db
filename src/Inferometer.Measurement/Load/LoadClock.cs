using System.Diagnostics;

namespace Inferometer.Measurement.Load;

/// <summary>Seconds since a load began.</summary>
public sealed class LoadClock
{
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>Now.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(_start).TotalSeconds;
}
