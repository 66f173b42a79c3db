using Inferometer.Simulation.Costs;

namespace Inferometer.Measurement.Validation;

/// <summary>One measured figure beside its prediction.</summary>
public sealed record Comparison
{
    /// <summary>Row it belongs to.</summary>
    public required string Id { get; init; }

    /// <summary>What the row is, for people.</summary>
    public required string Label { get; init; }

    /// <summary>What was measured, such as <c>TTFT</c>.</summary>
    public required string Metric { get; init; }

    /// <summary>Unit of the figures.</summary>
    public required string Unit { get; init; }

    /// <summary>The measured value, above 0.</summary>
    public required double Measured { get; init; }

    /// <summary>The predicted value, above 0.</summary>
    public required double Predicted { get; init; }

    /// <summary>Range of the prediction; null where the predictor gives none.</summary>
    public Interval? Range { get; init; }

    /// <summary>What another predictor says; null where it does not, or none was given.</summary>
    public double? Baseline { get; init; }

    /// <summary>Device, as the table names it.</summary>
    public required string System { get; init; }

    /// <summary>Framework; empty where the table does not say.</summary>
    public string Framework { get; init; } = "";

    /// <summary>Model; empty for bare shapes.</summary>
    public string Model { get; init; } = "";

    /// <summary>Number format; empty where the table does not say.</summary>
    public string Precision { get; init; } = "";

    /// <summary>What the prediction rests on; empty where the predictor does not say.</summary>
    public string RestsOn { get; init; } = "";

    /// <summary>predicted / measured - 1: negative where the prediction is below the measurement.</summary>
    public double Error => (Predicted / Measured) - 1;

    /// <summary>The same of the baseline.</summary>
    public double? BaselineError => (Baseline / Measured) - 1;
}
