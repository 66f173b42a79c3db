namespace Inferometer.Simulation.Compatibility;

/// <summary>
/// Sums over the operators of one step on one device of a tensor-parallel group, one micro-batch, all pipeline stages together.
/// </summary>
public sealed record CompatibilityTotals
{
    /// <summary>Floating-point operations, millions.</summary>
    public double MegaFlops { get; init; }

    /// <summary>Operands and results of every operator, on the chip or not, MiB.</summary>
    public double DataMib { get; init; }

    /// <summary>Matrix weights, MiB.</summary>
    public double WeightsMib { get; init; }

    /// <summary>Weights that no token of the step uses, MiB.</summary>
    public double UnusedWeightsMib { get; init; }

    /// <summary>Keys and values, MiB.</summary>
    public double KvCacheMib { get; init; }

    /// <summary>Operands and results of the largest single operator, MiB.</summary>
    public double LargestOperatorMib { get; init; }

    /// <summary>Time of all operators one after another, milliseconds.</summary>
    public double LatencySumMs { get; init; }

    /// <summary>Time of score and value products, milliseconds.</summary>
    public double AttentionMs { get; init; }

    /// <summary>Time of matrix products, milliseconds.</summary>
    public double LinearMs { get; init; }

    /// <summary>Time of communication, milliseconds.</summary>
    public double CommunicationMs { get; init; }

    internal double RequiredMib => WeightsMib + KvCacheMib;

    internal static CompatibilityTotals Of(IReadOnlyList<CompatibilityOperator> operators) => new()
    {
        MegaFlops = operators.Sum(o => o.Count * o.MegaFlops),
        DataMib = operators.Sum(o => o.Count * Footprint(o)),
        WeightsMib = operators.Where(IsLinear).Sum(o => o.Count * o.WeightMib),
        UnusedWeightsMib = operators.Where(o => o.IsIdle).Sum(o => o.Count * o.WeightMib),
        KvCacheMib = operators.Where(IsAttention).Sum(o => o.Count * o.WeightMib),
        LargestOperatorMib = operators.Max(Footprint),
        LatencySumMs = operators.Sum(o => o.Count * o.LatencyMs),
        AttentionMs = operators.Where(IsAttention).Sum(o => o.Count * o.LatencyMs),
        LinearMs = operators.Where(IsLinear).Sum(o => o.Count * o.LatencyMs),
        CommunicationMs = operators.Where(o => o.Kind == CompatibilityOperatorKind.Communication).Sum(o => o.Count * o.LatencyMs),
    };

    /// <summary>Field by field, as the summary of a draft step is added to that of the full model.</summary>
    internal CompatibilityTotals Plus(CompatibilityTotals other) => new()
    {
        MegaFlops = MegaFlops + other.MegaFlops,
        DataMib = DataMib + other.DataMib,
        WeightsMib = WeightsMib + other.WeightsMib,
        UnusedWeightsMib = UnusedWeightsMib + other.UnusedWeightsMib,
        KvCacheMib = KvCacheMib + other.KvCacheMib,
        LargestOperatorMib = LargestOperatorMib + other.LargestOperatorMib,
        LatencySumMs = LatencySumMs + other.LatencySumMs,
        AttentionMs = AttentionMs + other.AttentionMs,
        LinearMs = LinearMs + other.LinearMs,
        CommunicationMs = CommunicationMs + other.CommunicationMs,
    };

    private static double Footprint(CompatibilityOperator o) => o.InputMib + o.WeightMib + o.OutputMib;

    private static bool IsLinear(CompatibilityOperator o) => o.Kind == CompatibilityOperatorKind.MatrixProduct;

    private static bool IsAttention(CompatibilityOperator o) =>
        o.Kind is CompatibilityOperatorKind.Score or CompatibilityOperatorKind.Value;
}
