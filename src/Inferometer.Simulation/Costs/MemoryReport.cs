using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Costs;

/// <summary>Memory of the fullest device (the pipeline stage that needs most), bytes.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MemoryUse
{
    /// <summary>Weights and adapters in device memory.</summary>
    public double WeightBytes { get; init; }

    /// <summary>KV cache and recurrent state of all requests at their full length, in device memory.</summary>
    public double KvBytes { get; init; }

    /// <summary>Most that the activations of one step take.</summary>
    public double ActivationBytes { get; init; }

    /// <summary>Kept by framework and driver.</summary>
    public double ReservedBytes { get; init; }

    /// <summary>Memory of the device.</summary>
    public double CapacityBytes { get; init; }

    /// <summary>Weights and KV that were moved to slower memory.</summary>
    public double OffloadedBytes { get; init; }

    /// <summary>Sum of what the device holds.</summary>
    public double TotalBytes => WeightBytes + KvBytes + ActivationBytes + ReservedBytes;

    /// <summary>The sum is within the capacity.</summary>
    public bool Fits => TotalBytes <= CapacityBytes;
}

/// <summary>Memory of a deployment under a workload, and how far the workload could grow.</summary>
public sealed record MemoryReport
{
    /// <summary>Use of the fullest device.</summary>
    public required MemoryUse Use { get; init; }

    /// <summary>KV bytes one more context token of one sequence takes on that device, before windows cap it.</summary>
    public required double KvBytesPerToken { get; init; }

    /// <summary>Largest batch of this workload that fits; 0 = not even one request.</summary>
    public required int LargestBatch { get; init; }

    /// <summary>Longest context (prompt and generated tokens) that fits at this batch size, at most what the model was made for; 0 = none.</summary>
    public required int LongestContextTokens { get; init; }
}
