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

    /// <summary>
    /// What the deployment may fill: the share of the usable memory that it or its framework takes. Without either, all that programs can
    /// allocate.
    /// </summary>
    public double CapacityBytes { get; init; }

    /// <summary>Memory of the device that programs can allocate.</summary>
    public double UsableBytes { get; init; }

    /// <summary>Memory of the device by its datasheet.</summary>
    public double NominalBytes { get; init; }

    /// <summary>Weights and KV cache that were moved to slower memory.</summary>
    public double OffloadedBytes { get; init; }

    /// <summary>Memory of the host that takes what is moved there; infinite where it is not known.</summary>
    public double HostCapacityBytes { get; init; }

    /// <summary>The pipeline stage, from 0.</summary>
    public int Stage { get; init; }

    /// <summary>What the capacity leaves to the KV cache; below zero where weights, activations and reserve do not fit.</summary>
    public double KvPoolBytes => CapacityBytes - WeightBytes - ActivationBytes - ReservedBytes;

    /// <summary>Sum of what the device holds.</summary>
    public double TotalBytes => WeightBytes + KvCacheBytes + ActivationBytes + ReservedBytes;

    /// <summary>A larger share of its capacity is taken than of another one's.</summary>
    internal bool IsFullerThan(in MemoryTotals other) =>
        TotalBytes * Math.Max(1, other.CapacityBytes) > other.TotalBytes * Math.Max(1, CapacityBytes);

    /// <summary>The sum is within the capacity, and what was moved to the host within the host's.</summary>
    public bool Fits => TotalBytes <= CapacityBytes && OffloadedBytes <= HostCapacityBytes;
}
