namespace Inferometer.Cpu.Weights;

/// <summary>Weights of one layer. A norm that is null is not there: blocks then read the residual stream, or join it, as it is.</summary>
internal sealed record LayerWeights
{
    /// <summary>Norm before attention.</summary>
    public NormWeights? AttentionNorm { get; init; }

    /// <summary>Norm of the attention output.</summary>
    public NormWeights? PostAttentionNorm { get; init; }

    /// <summary>Norm before the feed-forward part; null also where a parallel block shares that of attention.</summary>
    public NormWeights? FeedForwardNorm { get; init; }

    /// <summary>Norm of the feed-forward output.</summary>
    public NormWeights? PostFeedForwardNorm { get; init; }

    /// <summary>The attention part, or null where another mixer takes its place.</summary>
    public AttentionWeights? Attention { get; init; }

    /// <summary>The feed-forward part where it is dense, otherwise null.</summary>
    public FeedForwardWeights? Dense { get; init; }

    /// <summary>The feed-forward part where it is a mixture of experts, otherwise null.</summary>
    public ExpertWeights? Experts { get; init; }
}

/// <summary>Projections and norms of softmax attention.</summary>
internal sealed record AttentionWeights(Projection Query, Projection Key, Projection Value, Projection Output)
{
    /// <summary>Norm on the queries, or null.</summary>
    public HeadNorm? QueryNorm { get; init; }

    /// <summary>Norm on the keys, or null.</summary>
    public HeadNorm? KeyNorm { get; init; }

    /// <summary>Gate on the attended values, before its sigmoid, or null.</summary>
    public Projection? Gate { get; init; }

    /// <summary>A logit per head in the softmax's denominator, or null.</summary>
    public float[]? Sinks { get; init; }
}

/// <summary>A feed-forward network: down(act(gate(x)) * up(x)), or without a gate down(act(up(x))).</summary>
internal sealed record FeedForwardWeights(Projection? Gate, Projection Up, Projection Down)
{
    /// <summary>Learned slopes of the activation above and below zero (xIELU).</summary>
    public (float Positive, float Negative) Slopes { get; init; }
}

/// <summary>A router, its experts and an optional shared expert with the row of its sigmoid gate.</summary>
internal sealed record ExpertWeights(Projection Router, FeedForwardWeights[] Experts, FeedForwardWeights? Shared, Projection? SharedGate)
{
    /// <summary>Added to the experts' probabilities for the choice alone, [experts], or null.</summary>
    public float[]? Correction { get; init; }
}
