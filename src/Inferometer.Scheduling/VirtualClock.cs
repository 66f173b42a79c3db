namespace Inferometer.Scheduling;

/// <summary>A clock that stands still until told otherwise, in picoseconds since its start. Drives simulated serving and tests without sleeping. Not thread-safe.</summary>
public sealed class VirtualClock : TimeProvider
{
    private const double TicksPerSecond = 1e12;
    private long _ticks;

    /// <inheritdoc/>
    public override long TimestampFrequency => (long)TicksPerSecond;

    /// <summary>Seconds since the start.</summary>
    public double Seconds => _ticks / TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp() => _ticks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddSeconds(Seconds);

    /// <summary>Moves the clock forward.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The duration is negative or not a number.</exception>
    public void Advance(double seconds)
    {
        if (!(seconds >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(seconds), seconds, "time does not run backwards");
        }

        _ticks += (long)Math.Round(seconds * TicksPerSecond);
    }

    /// <summary>Moves the clock to a time not before its own; an earlier one leaves it as it is.</summary>
    public void AdvanceTo(double seconds) => _ticks = Math.Max(_ticks, (long)Math.Round(seconds * TicksPerSecond));
}
