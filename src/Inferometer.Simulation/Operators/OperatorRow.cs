namespace Inferometer.Simulation.Operators;

/// <summary>
/// One operator of a step on one device. Amounts are of a single execution (for decode: of the average step);
/// multiply by <see cref="Count"/> for the step.
/// </summary>
public sealed record OperatorRow
{
    /// <summary>Name, such as <c>qkv_projection</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Distinct layer the operator is of, counted from 0 in order of appearance; -1 = outside the layers.</summary>
    public required int LayerClass { get; init; }

    /// <summary>Part of the network.</summary>
    public required OperatorGroup Group { get; init; }

    /// <summary>Executions in the step: layers of the class times micro-batches, over all pipeline stages.</summary>
    public required int Count { get; init; }

    /// <summary>Floating-point (or integer) operations; a multiply-add is two.</summary>
    public required double Flops { get; init; }

    /// <summary>Weight bytes read.</summary>
    public required double WeightBytes { get; init; }

    /// <summary>KV-cache and recurrent-state bytes read.</summary>
    public required double KvReadBytes { get; init; }

    /// <summary>KV-cache and recurrent-state bytes written.</summary>
    public required double KvWriteBytes { get; init; }

    /// <summary>Activation bytes read.</summary>
    public required double ActivationReadBytes { get; init; }

    /// <summary>Activation bytes written.</summary>
    public required double ActivationWriteBytes { get; init; }

    /// <summary>Bytes of the collective's message, as defined for that collective in docs/physics.md.</summary>
    public required double CollectiveBytes { get; init; }

    /// <summary>Time, launch included, seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Time the arithmetic alone would take, seconds.</summary>
    public required double ComputeSeconds { get; init; }

    /// <summary>Time local memory alone would take, seconds.</summary>
    public required double MemorySeconds { get; init; }

    /// <summary>Time the offload link alone would take, seconds.</summary>
    public required double OffloadSeconds { get; init; }

    /// <summary>Exposed time on the network, seconds.</summary>
    public required double NetworkSeconds { get; init; }

    /// <summary>What governs the time.</summary>
    public required OperatorBound Bound { get; init; }

    /// <summary>Share of the peak arithmetic rate reached, 0 to 1.</summary>
    public required double FlopUtilization { get; init; }

    /// <summary>Share of the peak memory bandwidth reached, 0 to 1.</summary>
    public required double BandwidthUtilization { get; init; }

    /// <summary>All bytes to and from memory, offloaded data included.</summary>
    public double MemoryBytes => WeightBytes + KvReadBytes + KvWriteBytes + ActivationReadBytes + ActivationWriteBytes;

    /// <summary>FLOPs per byte; 0 for operators that touch no memory.</summary>
    public double ArithmeticIntensity => MemoryBytes > 0 ? Flops / MemoryBytes : 0;

    /// <summary>Time of all executions one after another, seconds.</summary>
    public double TotalSeconds => Seconds * Count;
}
