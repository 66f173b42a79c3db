namespace Inferometer.Cpu.Weights;

/// <summary>Weights of one layer. Norm weights are factors: where a file stores offsets from one, the one is added on loading.</summary>
internal sealed record LayerWeights
{
    /// <summary>Norm before attention, [hidden].</summary>
    public required float[] AttentionNorm { get; init; }

    /// <summary>Norm of the attention output, [hidden], or null.</summary>
    public float[]? PostAttentionNorm { get; init; }

    /// <summary>Norm before the feed-forward part, [hidden].</summary>
    public required float[] FeedForwardNorm { get; init; }

    /// <summary>Norm of the feed-forward output, [hidden], or null.</summary>
    public float[]? PostFeedForwardNorm { get; init; }

    /// <summary>The attention part.</summary>
    public required AttentionWeights Attention { get; init; }

    /// <summary>The feed-forward part where it is dense, otherwise null.</summary>
    public FeedForwardWeights? Dense { get; init; }

    /// <summary>The feed-forward part where it is a mixture of experts, otherwise null.</summary>
    public ExpertWeights? Experts { get; init; }
}

/// <summary>Projections and norms of softmax attention.</summary>
internal sealed record AttentionWeights(Projection Query, Projection Key, Projection Value, Projection Output)
{
    /// <summary>Norm of each query head, [head width], or null.</summary>
    public float[]? QueryNorm { get; init; }

    /// <summary>Norm of each key head, [head width], or null.</summary>
    public float[]? KeyNorm { get; init; }
}

/// <summary>A feed-forward network: down(act(gate(x)) * up(x)).</summary>
internal sealed record FeedForwardWeights(Projection Gate, Projection Up, Projection Down);

/// <summary>A router, its experts and an optional shared expert with the row of its sigmoid gate.</summary>
internal sealed record ExpertWeights(Projection Router, FeedForwardWeights[] Experts, FeedForwardWeights? Shared, Projection? SharedGate);
