using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Inferometer.Server.Metrics;

/// <summary>How many sequences decode at once, averaged over any stretch of time: the area under their number.</summary>
internal sealed class LoadMeter
{
    private readonly Lock _gate = new();
    private int _running;
    private double _area;
    private long _changed = Stopwatch.GetTimestamp();

    /// <summary>One more, or one fewer, from now on.</summary>
    /// <returns>How it was up to now.</returns>
    public Reading Change(int by)
    {
        lock (_gate)
        {
            long now = Stopwatch.GetTimestamp();
            _area += _running * Stopwatch.GetElapsedTime(_changed, now).TotalSeconds;
            _changed = now;
            Reading before = new(_running, _area, now);
            _running += by;
            return before;
        }
    }

    /// <summary>A moment.</summary>
    /// <param name="Running">Sequences that decoded until then.</param>
    /// <param name="Area">Sequences x seconds since the beginning.</param>
    /// <param name="Timestamp">When.</param>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Reading(int Running, double Area, long Timestamp)
    {
        /// <summary>Mean number from an earlier moment up to this one; the number then where no time passed.</summary>
        public double MeanSince(Reading earlier)
        {
            double seconds = Stopwatch.GetElapsedTime(earlier.Timestamp, Timestamp).TotalSeconds;
            return seconds > 0 ? (Area - earlier.Area) / seconds : Running;
        }
    }
}
