namespace Inferometer.Scheduling;

/// <summary>
/// A clock that stands still until told otherwise, in picoseconds since its start. Drives simulated serving and tests without sleeping.
/// Not thread-safe.
/// </summary>
public sealed class VirtualClock : TimeProvider
{
    private const double TicksPerSecond = 1e12;
    private const double MaxSeconds = 9.2e6;
    private long _ticks;

    /// <inheritdoc/>
    public override long TimestampFrequency => (long)TicksPerSecond;

    /// <summary>Seconds since the start.</summary>
    public double Seconds => _ticks / TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp() => _ticks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddSeconds(Seconds);

    /// <summary>Moves the clock forward, at most to its end, which is after 106 days.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The duration is negative or not a number.</exception>
    public void Advance(double seconds)
    {
        if (!(seconds >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(seconds), seconds, "time does not run backwards");
        }

        _ticks += Math.Min(long.MaxValue - _ticks, (long)Math.Round(seconds * TicksPerSecond));
    }

    /// <summary>
    /// Moves the clock to a time not before its own; an earlier one leaves it as it is. Afterwards <see cref="Seconds"/> is not below
    /// <paramref name="seconds"/>, however it rounds: who waits for an event until then finds that it is time.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a number, or more than the clock can show, which is 106 days.</exception>
    public void AdvanceTo(double seconds)
    {
        if (!(seconds < MaxSeconds))
        {
            throw new ArgumentOutOfRangeException(nameof(seconds), seconds, "the clock ends after 106 days");
        }

        _ticks = Math.Max(_ticks, (long)Math.Round(seconds * TicksPerSecond));
        while (Seconds < seconds)
        {
            _ticks++;
        }
    }
}
