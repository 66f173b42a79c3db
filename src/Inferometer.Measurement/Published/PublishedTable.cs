namespace Inferometer.Measurement.Published;

/// <summary>A file of measurements, read. A file holds rows of one kind; the lists of the other kinds are empty.</summary>
public sealed record PublishedTable
{
    /// <summary>Path it was read from.</summary>
    public required string Path { get; init; }

    /// <summary>Name of the layout that its header has.</summary>
    public required string Layout { get; init; }

    /// <summary>Serving configurations, bad rows and duplicates included.</summary>
    public IReadOnlyList<ServingMeasurement> Serving { get; init; } = [];

    /// <summary>Kernels, operators and steps.</summary>
    public IReadOnlyList<OperatorMeasurement> Operators { get; init; } = [];

    /// <summary>Rates.</summary>
    public IReadOnlyList<ThroughputMeasurement> Throughput { get; init; } = [];

    /// <summary>Runs recorded request by request.</summary>
    public IReadOnlyList<ServingTrace> Traces { get; init; } = [];

    /// <summary>Predictions of another tool.</summary>
    public IReadOnlyList<BaselinePrediction> Baseline { get; init; } = [];

    /// <summary>Rows of other kinds, such as sizes of files, with the reason why they were left out.</summary>
    public IReadOnlyList<SkippedRow> Skipped { get; init; } = [];

    /// <summary>Rows that were read.</summary>
    public int Count => Serving.Count + Operators.Count + Throughput.Count + Traces.Sum(t => t.Requests.Count) + Baseline.Count;
}
