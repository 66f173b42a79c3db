namespace Inferometer.Core.Origins;

/// <summary>Where and when something was measured, and how often.</summary>
public sealed record MeasurementSource
{
    /// <summary>Notes a source.</summary>
    /// <param name="machine">What it ran on, as a person would name it; not empty.</param>
    /// <param name="takenAt">When.</param>
    /// <param name="samples">Measurements behind the value, at least 0.</param>
    /// <exception cref="ArgumentException">The machine is empty or the count is negative.</exception>
    public MeasurementSource(string machine, DateTimeOffset takenAt, long samples)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(machine);
        ArgumentOutOfRangeException.ThrowIfNegative(samples);
        Machine = machine;
        TakenAt = takenAt;
        Samples = samples;
    }

    /// <summary>What it ran on.</summary>
    public string Machine { get; }

    /// <summary>When.</summary>
    public DateTimeOffset TakenAt { get; }

    /// <summary>Measurements behind the value.</summary>
    public long Samples { get; }
}
