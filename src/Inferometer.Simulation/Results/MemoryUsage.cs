using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Results;

/// <summary>Memory of the fullest device, bytes.</summary>
public sealed record MemoryUsage
{
    /// <summary>Weights and adapters.</summary>
    public required double WeightBytes { get; init; }

    /// <summary>KV cache and recurrent state at full length.</summary>
    public required double KvCacheBytes { get; init; }

    /// <summary>Peak of one step's activations.</summary>
    public required double ActivationBytes { get; init; }

    /// <summary>Kept by framework and driver.</summary>
    public required double ReservedBytes { get; init; }

    /// <summary>Sum of the four.</summary>
    public required double TotalBytes { get; init; }

    /// <summary>Memory of the device.</summary>
    public required double CapacityBytes { get; init; }

    /// <summary>Moved to slower memory.</summary>
    public required double OffloadedBytes { get; init; }

    /// <summary>The sum is within the capacity.</summary>
    public required bool Fits { get; init; }

    /// <summary>Largest batch that fits; 0 = none.</summary>
    public required int LargestBatch { get; init; }

    /// <summary>Longest context that fits at this batch size, tokens; 0 = none.</summary>
    public required int LongestContextTokens { get; init; }

    internal static MemoryUsage From(MemoryReport report) => new()
    {
        WeightBytes = report.Use.WeightBytes,
        KvCacheBytes = report.Use.KvBytes,
        ActivationBytes = report.Use.ActivationBytes,
        ReservedBytes = report.Use.ReservedBytes,
        TotalBytes = report.Use.TotalBytes,
        CapacityBytes = report.Use.CapacityBytes,
        OffloadedBytes = report.Use.OffloadedBytes,
        Fits = report.Use.Fits,
        LargestBatch = report.LargestBatch,
        LongestContextTokens = report.LongestContextTokens,
    };
}
