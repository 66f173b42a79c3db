using Inferometer.Simulation.Costs;

namespace Inferometer.Measurement.Replay;

/// <summary>What is predicted for a serving configuration.</summary>
public sealed record ServingPrediction
{
    /// <summary>Time to first token, milliseconds; null where none is predicted.</summary>
    public required double? TtftMs { get; init; }

    /// <summary>Time per output token after the first, milliseconds; null where none is predicted.</summary>
    public required double? TpotMs { get; init; }

    /// <summary>Range of the time to first token, milliseconds; null where the predictor gives none.</summary>
    public Interval? TtftIntervalMs { get; init; }

    /// <summary>Range of the time per output token, milliseconds; null where the predictor gives none.</summary>
    public Interval? TpotIntervalMs { get; init; }

    /// <summary>What it rests on, such as "datasheet only"; empty where the predictor does not say.</summary>
    public string RestsOn { get; init; } = "";
}
