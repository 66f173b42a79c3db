using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Costs;

/// <summary>What a workload takes in memory on the fullest device (of the pipeline stage that needs most), bytes.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MemoryTotals
{
    /// <summary>Weights and adapters in device memory.</summary>
    public double WeightBytes { get; init; }

    /// <summary>KV cache and recurrent state of all requests at their full length, in device memory.</summary>
    public double KvCacheBytes { get; init; }

    /// <summary>Most that the activations of one step take.</summary>
    public double ActivationBytes { get; init; }

    /// <summary>Kept by framework and driver.</summary>
    public double ReservedBytes { get; init; }

    /// <summary>Memory of the device.</summary>
    public double CapacityBytes { get; init; }

    /// <summary>Weights and KV cache that were moved to slower memory.</summary>
    public double OffloadedBytes { get; init; }

    /// <summary>Sum of what the device holds.</summary>
    public double TotalBytes => WeightBytes + KvCacheBytes + ActivationBytes + ReservedBytes;

    /// <summary>The sum is within the capacity.</summary>
    public bool Fits => TotalBytes <= CapacityBytes;
}
