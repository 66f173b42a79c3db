namespace Inferometer.Measurement.Published;

/// <summary>
/// One published rate or latency: of a tool that times prompts and generation by themselves (llama-bench), or of a service at saturation.
/// Somebody else measured it.
/// </summary>
public sealed record ThroughputMeasurement
{
    /// <summary>Name of the row: its file and line.</summary>
    public required string Id { get; init; }

    /// <summary>File it was read from.</summary>
    public required string Table { get; init; }

    /// <summary>Line of the file, from 1.</summary>
    public required int Line { get; init; }

    /// <summary>Who published it.</summary>
    public string Source { get; init; } = "";

    /// <summary>Device, as the table names it, without its number.</summary>
    public required string System { get; init; }

    /// <summary>The engine.</summary>
    public EnginePool Engine { get; init; } = new();

    /// <summary>Layers are dealt to the devices and one works at a time, as llama.cpp does by default.</summary>
    public bool IsLayerSplit { get; init; }

    /// <summary>Model, as the table names it.</summary>
    public required string Model { get; init; }

    /// <summary>Framework; empty where the table does not say.</summary>
    public string Framework { get; init; } = "";

    /// <summary>Version of the framework; empty where the table does not say.</summary>
    public string Version { get; init; } = "";

    /// <summary>Number format of the weights, as the table names it.</summary>
    public required string Precision { get; init; }

    /// <summary>Number format of the KV cache; empty where the table does not say.</summary>
    public string KvPrecision { get; init; } = "";

    /// <summary>Prompt tokens; null where none are read or the table does not say.</summary>
    public int? InputTokens { get; init; }

    /// <summary>Generated tokens; null where none are or the table does not say.</summary>
    public int? OutputTokens { get; init; }

    /// <summary>Tokens already in the cache when timing starts.</summary>
    public int DepthTokens { get; init; }

    /// <summary>Requests in flight; null = as many as the engine takes.</summary>
    public int? Concurrency { get; init; }

    /// <summary>Timed by a loop over batches, even where there is one sequence in them.</summary>
    public bool IsOfBatches { get; init; }

    /// <summary>What was measured.</summary>
    public required ThroughputMetric Metric { get; init; }

    /// <summary>The value in the unit of <see cref="Metric"/>, above 0.</summary>
    public required double Value { get; init; }

    /// <summary>What else the table says.</summary>
    public string Note { get; init; } = "";
}
