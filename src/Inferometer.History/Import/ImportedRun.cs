using System.Text.Json.Nodes;
using Inferometer.History.Records;

namespace Inferometer.History.Import;

/// <summary>What a result of another program holds.</summary>
internal sealed record ImportedRun
{
    /// <summary>The program with its version, as far as the result tells.</summary>
    public required string Program { get; init; }

    /// <summary>The model; null = it does not tell.</summary>
    public string? Model { get; init; }

    /// <summary>What it ran on; null = it does not tell.</summary>
    public string? On { get; init; }

    /// <summary>When; null = it does not tell.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>What was asked for.</summary>
    public required JsonObject Settings { get; init; }

    /// <summary>The figures.</summary>
    public required IReadOnlyList<RunMetric> Metrics { get; init; }

    /// <summary>Values behind them, where the result holds them.</summary>
    public IReadOnlyList<RunSeries> Series { get; init; } = [];
}
