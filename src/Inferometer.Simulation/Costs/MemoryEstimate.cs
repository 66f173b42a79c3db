namespace Inferometer.Simulation.Costs;

/// <summary>What a workload takes in memory on the fullest device, bytes, and how far the workload could grow.</summary>
public sealed record MemoryEstimate
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

    /// <summary>What the deployment may fill: all that programs can allocate, or the share that it or its framework takes.</summary>
    public required double CapacityBytes { get; init; }

    /// <summary>Memory of the device that programs can allocate.</summary>
    public double UsableBytes { get; init; }

    /// <summary>Memory of the device by its datasheet.</summary>
    public double NominalBytes { get; init; }

    /// <summary>Its name, where the devices are unequal; null = they are alike.</summary>
    public string? DeviceName { get; init; }

    /// <summary>What the capacity leaves to the KV cache; below zero where weights, activations and reserve alone do not fit.</summary>
    public double KvPoolBytes { get; init; }

    /// <summary>
    /// Tokens that the KV cache of one replica holds, in sequences of this workload's length, in whole blocks of the framework; 0 = none,
    /// null where the network keeps no cache.
    /// </summary>
    public double? KvCapacityTokens { get; init; }

    /// <summary>Replicas with a cache each.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Requests of this length that all replicas' caches hold at once; a fraction, as engines report it.</summary>
    public double? ConcurrentRequests { get; init; }

    /// <summary>Moved to slower memory.</summary>
    public required double OffloadedBytes { get; init; }

    /// <summary>Memory of the host that takes what is moved there; null where none is named.</summary>
    public double? HostCapacityBytes { get; init; }

    /// <summary>The sum is within the capacity.</summary>
    public required bool Fits { get; init; }

    /// <summary>Largest batch of this workload that fits; 0 = not even one request.</summary>
    public required int LargestBatch { get; init; }

    /// <summary>
    /// Longest context (prompt and generated tokens) that fits at this batch size, at most what the model was made for; 0 = none.
    /// </summary>
    public required int LongestContextTokens { get; init; }

    /// <summary>KV bytes one more context token of one sequence takes on that device, before windows cap it.</summary>
    public double KvBytesPerToken { get; init; }
}
