using Inferometer.Measurement.Replay;

namespace Inferometer.Measurement.Validation;

/// <summary>A table of measurements beside its predictions.</summary>
public sealed record ValidationResult
{
    /// <summary>The table.</summary>
    public required string Table { get; init; }

    /// <summary>Name of its layout.</summary>
    public required string Layout { get; init; }

    /// <summary>What predicted.</summary>
    public required string Predictor { get; init; }

    /// <summary>What was set beside it; null when nothing was.</summary>
    public string? Baseline { get; init; }

    /// <summary>The figures compared, in the order of the table.</summary>
    public required IReadOnlyList<Comparison> Comparisons { get; init; }

    /// <summary>Recorded runs, a row for each time of each; empty for other tables.</summary>
    public IReadOnlyList<TracedRunErrors> Runs { get; init; } = [];

    /// <summary>Rows of the table.</summary>
    public required int Rows { get; init; }

    /// <summary>Rows that were predicted.</summary>
    public required int Predicted { get; init; }

    /// <summary>Rows that were left out: why, and how many.</summary>
    public required IReadOnlyList<LeftOut> LeftOut { get; init; }

    /// <summary>Frameworks that rows name and that are not known: the usual one for the device and format stands for them.</summary>
    public IReadOnlyList<string> UnknownFrameworks =>
    [
        .. Comparisons.Select(c => c.Framework).Where(name => name.Length > 0).Distinct(StringComparer.Ordinal)
            .Where(name => DeploymentOfRow.FrameworkOf(name) is null).Order(StringComparer.Ordinal),
    ];

    /// <summary>The metrics in the order of their first figure.</summary>
    public IReadOnlyList<string> Metrics => [.. Comparisons.Select(c => c.Metric).Distinct(StringComparer.Ordinal)];
}

/// <summary>Rows that were not compared.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Count">How many.</param>
/// <param name="First">The first of them.</param>
public sealed record LeftOut(string Reason, int Count, string First);
