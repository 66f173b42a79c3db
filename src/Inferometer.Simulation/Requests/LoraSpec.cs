using Inferometer.Core;

namespace Inferometer.Simulation.Requests;

/// <summary>Low-rank adapters: beside a matrix of shape [out, in] sit A [rank, in] and B [out, rank].</summary>
public sealed record LoraSpec
{
    /// <summary>Rank of the adapters, at least 1.</summary>
    public required int Rank { get; init; }

    /// <summary>Adapters held in memory; sequences pick one of them uniformly.</summary>
    public int Adapters { get; init; } = 1;

    /// <summary>Merged into the weights (no cost per token, one adapter only), or applied beside them.</summary>
    public LoraStrategy Strategy { get; init; } = LoraStrategy.Dynamic;

    /// <summary>Which matrices carry adapters.</summary>
    public LoraTargets Targets { get; init; } = LoraTargets.Attention | LoraTargets.FeedForward;

    internal void Validate()
    {
        if (Rank < 1 || Adapters < 1)
        {
            throw new InferometerException($"lora: rank {Rank} and adapters {Adapters} must both be at least 1.");
        }

        if (Strategy == LoraStrategy.Merged && Adapters > 1)
        {
            throw new InferometerException(
                $"lora: {Adapters} adapters cannot be merged into one set of weights; use the dynamic strategy or one adapter.");
        }
    }
}

/// <summary>How an adapter is applied.</summary>
public enum LoraStrategy
{
    /// <summary>Two thin products beside every adapted matrix, per token.</summary>
    Dynamic,

    /// <summary>Added into the weights before serving.</summary>
    Merged,
}

/// <summary>Matrices that carry adapters.</summary>
[Flags]
public enum LoraTargets
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Query, key and value projections (the projections into latents for MLA).</summary>
    QueryKeyValue = 1,

    /// <summary>Output projection of the mixer.</summary>
    Output = 2,

    /// <summary>Gate and up projections of dense and shared feed-forward parts.</summary>
    GateUp = 4,

    /// <summary>Down projection of dense and shared feed-forward parts.</summary>
    Down = 8,

    /// <summary>All of attention.</summary>
    Attention = QueryKeyValue | Output,

    /// <summary>All of the dense and shared feed-forward parts; routed experts carry none.</summary>
    FeedForward = GateUp | Down,
}
