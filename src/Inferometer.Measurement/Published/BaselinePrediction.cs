namespace Inferometer.Measurement.Published;

/// <summary>What another predictor says of a row of a table of serving measurements.</summary>
public sealed record BaselinePrediction
{
    /// <summary>The row's <see cref="ServingMeasurement.Id"/>.</summary>
    public required string Id { get; init; }

    /// <summary>Predicted time to first token, milliseconds; null where it gives none.</summary>
    public double? TtftMs { get; init; }

    /// <summary>Predicted time per output token, milliseconds; null where it gives none.</summary>
    public double? TpotMs { get; init; }

    /// <summary>What the prediction rested on, as the predictor says.</summary>
    public string RestsOn { get; init; } = "";
}
