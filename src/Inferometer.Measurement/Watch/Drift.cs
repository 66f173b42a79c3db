namespace Inferometer.Measurement.Watch;

/// <summary>How what is observed lies to what is predicted.</summary>
public enum Drift
{
    /// <summary>It cannot be said: one of the two is missing, or too few requests ended.</summary>
    Unknown,

    /// <summary>It is within the interval.</summary>
    None,

    /// <summary>It takes longer than the upper end.</summary>
    Slower,

    /// <summary>It takes less than the lower end.</summary>
    Faster,
}
