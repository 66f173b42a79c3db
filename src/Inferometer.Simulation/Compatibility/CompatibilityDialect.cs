namespace Inferometer.Simulation.Compatibility;

/// <summary>
/// Which of the two simulators is reproduced: everything they do differently, as data. The rest of this folder is common to both.
/// Immutable; safe to share between threads.
/// </summary>
public sealed class CompatibilityDialect
{
    private CompatibilityDialect(string name, PrecisionTable precisions, ICollectiveModel collectives)
    {
        Name = name;
        Precisions = precisions;
        Collectives = collectives;
    }

    /// <summary>The original GenZ analyser (abhibambhaniya/GenZ-LLM-Analyzer, commit 091bdd0).</summary>
    public static CompatibilityDialect Genz { get; } = new("genz", PrecisionTable.Genz, new RingCollectives())
    {
        HasEfficiencyTable = false,
        DiscountsCausalWork = false,
        AveragesDecode = false,
        SplitsAttentionOverExperts = true,
        HasLatentAttention = false,
        DividesCapacityByExperts = false,
        RowsBeforeTokens = false,
        HasCpuDecodeFloor = false,
        OffloadBytesPerSecond = 128 * CompatibilityHardware.Gibi,
    };

    /// <summary>The GenZ engine inside BudEcosystem/simulator (llm-memory-calculator, commit 044958d).</summary>
    public static CompatibilityDialect Bud { get; } = new("bud", PrecisionTable.Bud, new TieredCollectives())
    {
        HasEfficiencyTable = true,
        DiscountsCausalWork = true,
        AveragesDecode = true,
        SplitsAttentionOverExperts = false,
        HasLatentAttention = true,
        DividesCapacityByExperts = true,
        RowsBeforeTokens = true,
        HasCpuDecodeFloor = true,
        OffloadBytesPerSecond = 64 * CompatibilityHardware.Gibi,
    };

    /// <summary>Name of the cost model: <c>genz</c> or <c>bud</c>.</summary>
    public string Name { get; }

    /// <summary>Bytes and relative speed per number format.</summary>
    internal PrecisionTable Precisions { get; }

    /// <summary>A system efficiency of exactly 1 is replaced by a table over memory types and tensor-core generations.</summary>
    internal bool HasEfficiencyTable { get; private init; }

    /// <summary>Scores that a causal mask hides are not computed in prefill and in chunks.</summary>
    internal bool DiscountsCausalWork { get; private init; }

    /// <summary>Decode is the mean of the first and the last generated token instead of one evaluation at the full length.</summary>
    internal bool AveragesDecode { get; private init; }

    /// <summary>Attention heads are split over tensor x expert ranks instead of the tensor ranks alone.</summary>
    internal bool SplitsAttentionOverExperts { get; private init; }

    /// <summary>Multi-head latent attention is modelled in prefill and decode.</summary>
    internal bool HasLatentAttention { get; private init; }

    /// <summary>The capacity check of prefill and decode divides by the expert ranks once more.</summary>
    internal bool DividesCapacityByExperts { get; private init; }

    /// <summary>How operand shapes are listed: [B, width, tokens] or [B, tokens, width].</summary>
    internal bool RowsBeforeTokens { get; private init; }

    /// <summary>A CPU described in place has a least decode time fitted to measurements.</summary>
    internal bool HasCpuDecodeFloor { get; private init; }

    /// <summary>Bandwidth of the link over which offloaded memory is read.</summary>
    internal double OffloadBytesPerSecond { get; private init; }

    /// <summary>Times of collectives.</summary>
    internal ICollectiveModel Collectives { get; }

    /// <summary>Devices the heads of one layer are split over.</summary>
    internal int AttentionRanks(CompatibilityDeployment deployment) =>
        SplitsAttentionOverExperts ? deployment.ModelRanks : deployment.TensorParallel;

    /// <summary>What the memory need is divided by before it is compared with the device.</summary>
    internal int CapacityDivisor(CompatibilityDeployment deployment, bool chunked) =>
        DividesCapacityByExperts && !chunked ? deployment.PipelineParallel * deployment.ExpertParallel : deployment.PipelineParallel;
}
