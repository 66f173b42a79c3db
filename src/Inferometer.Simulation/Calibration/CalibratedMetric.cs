namespace Inferometer.Simulation.Calibration;

/// <summary>What errors were learned for.</summary>
public enum CalibratedMetric
{
    /// <summary>Time per output token.</summary>
    TimePerOutputToken,

    /// <summary>Time to first token.</summary>
    TimeToFirstToken,

    /// <summary>End to end.</summary>
    EndToEnd,
}
