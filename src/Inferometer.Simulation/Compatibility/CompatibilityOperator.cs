namespace Inferometer.Simulation.Compatibility;

/// <summary>What an operator does.</summary>
public enum CompatibilityOperatorKind
{
    /// <summary>A matrix product with weights.</summary>
    MatrixProduct,

    /// <summary>Attention scores.</summary>
    Score,

    /// <summary>Attention values.</summary>
    Value,

    /// <summary>A collective or a send.</summary>
    Communication,
}

/// <summary>What limits an operator.</summary>
public enum CompatibilityBound
{
    /// <summary>Arithmetic.</summary>
    Compute,

    /// <summary>Memory.</summary>
    Memory,

    /// <summary>Communication, or nothing at all.</summary>
    Collective,
}

/// <summary>One priced operator; all figures are of one execution on one device, <see cref="Count"/> says how often it runs.</summary>
public sealed record CompatibilityOperator
{
    /// <summary>Name as the simulators print it.</summary>
    public required string Name { get; init; }

    /// <summary>What it does.</summary>
    public required CompatibilityOperatorKind Kind { get; init; }

    /// <summary>Times it runs.</summary>
    public required int Count { get; init; }

    /// <summary>Shapes of input, weights (or cache) and output; of communication the message alone.</summary>
    public required IReadOnlyList<IReadOnlyList<long>> Shapes { get; init; }

    /// <summary>Floating-point operations (two per multiply-add), millions.</summary>
    public required double MegaFlops { get; init; }

    /// <summary>Input, MiB.</summary>
    public required double InputMib { get; init; }

    /// <summary>Weights or cache, MiB.</summary>
    public required double WeightMib { get; init; }

    /// <summary>Output, MiB.</summary>
    public required double OutputMib { get; init; }

    /// <summary>Time of the arithmetic, milliseconds.</summary>
    public required double ComputeMs { get; init; }

    /// <summary>Time of moving the operands, milliseconds.</summary>
    public required double MemoryMs { get; init; }

    /// <summary>Time of the communication, milliseconds.</summary>
    public required double CommunicationMs { get; init; }

    /// <summary>The longest of the three, milliseconds.</summary>
    public double LatencyMs => Math.Max(ComputeMs, Math.Max(MemoryMs, CommunicationMs));

    /// <summary>Which of the three is the longest.</summary>
    public CompatibilityBound Bound =>
        ComputeMs > Math.Max(MemoryMs, CommunicationMs) ? CompatibilityBound.Compute
        : MemoryMs > CommunicationMs ? CompatibilityBound.Memory
        : CompatibilityBound.Collective;

    internal CompatibilityBlock Block { get; init; }

    internal CompatibilityCollective? Collective { get; init; }

    /// <summary>Weights that no token of the step uses.</summary>
    internal bool IsIdle => Kind == CompatibilityOperatorKind.MatrixProduct && MegaFlops == 0;
}
