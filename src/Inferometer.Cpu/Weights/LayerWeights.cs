using Inferometer.Cpu.Kernels.Matrices;

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

    /// <summary>The attention part where it is over latents, otherwise null.</summary>
    public LatentWeights? Latent { get; init; }

    /// <summary>The mixer where it keeps a state instead of keys and values, otherwise null.</summary>
    public RecurrentWeights? Recurrence { get; init; }

    /// <summary>The feed-forward part where it is dense, otherwise null.</summary>
    public FeedForwardWeights? Dense { get; init; }

    /// <summary>The feed-forward part where it is a mixture of experts, otherwise null.</summary>
    public ExpertWeights? Experts { get; init; }

    /// <summary>What takes the layer's own input in, or null.</summary>
    public LayerInputWeights? Input { get; init; }

    /// <summary>How the residual streams are predicted and corrected, or null where there is one.</summary>
    public UpdateWeights? Updates { get; init; }

    /// <summary>Factor on the residual stream behind the layer.</summary>
    public float Scale { get; init; } = 1;
}

/// <summary>What takes a layer's own input in: out(gelu(gate(x)) * input), normed.</summary>
internal sealed record LayerInputWeights(Projection Gate, Projection Output, NormWeights Norm);

/// <summary>How the residual streams of a layer are predicted and corrected, and the low-rank branch beside its attention.</summary>
/// <param name="Norm">Of what the router reads.</param>
/// <param name="Router">[streams, hidden].</param>
/// <param name="Prediction">[streams x streams, streams].</param>
/// <param name="Correction">[streams, streams].</param>
/// <param name="Scale">On the channels of the corrected stream, or null.</param>
/// <param name="BranchDown">Into the branch.</param>
/// <param name="BranchUp">Out of it.</param>
/// <param name="BranchNorm">Of what it gives.</param>
internal sealed record UpdateWeights(
    NormWeights Norm, float[] Router, float[] Prediction, float[] Correction, float[]? Scale, Projection BranchDown, Projection BranchUp,
    NormWeights BranchNorm);

/// <summary>Projections and norms of softmax attention.</summary>
/// <param name="Query">Queries.</param>
/// <param name="Key">Keys; null where the layer reads those of another.</param>
/// <param name="Value">Values; null also where the keys are the values.</param>
/// <param name="Output">Projection of what is attended to.</param>
internal sealed record AttentionWeights(Projection Query, Projection? Key, Projection? Value, Projection Output)
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

/// <summary>Projections and norms of latent attention.</summary>
/// <param name="Query">Queries of all heads, from the hidden state or from the compressed queries.</param>
/// <param name="Latent">Latent and rotary key, from the hidden state.</param>
/// <param name="LatentNorm">Norm of the latent.</param>
/// <param name="KeyUp">For each head, from a query without its rotary part to the latent's width.</param>
/// <param name="ValueUp">For each head, from the latent to a value.</param>
/// <param name="Output">Projection of the values.</param>
internal sealed record LatentWeights(
    Projection Query, Projection Latent, float[] LatentNorm, Projection[] KeyUp, Projection[] ValueUp, Projection Output)
{
    /// <summary>Matrices of <see cref="KeyUp"/>.</summary>
    public WeightMatrix[] KeyMatrices { get; } = [.. KeyUp.Select(head => head.Matrix)];

    /// <summary>Matrices of <see cref="ValueUp"/>.</summary>
    public WeightMatrix[] ValueMatrices { get; } = [.. ValueUp.Select(head => head.Matrix)];

    /// <summary>Compression of the queries, or null.</summary>
    public Projection? QueryDown { get; init; }

    /// <summary>Norm of the compressed queries; empty without them.</summary>
    public float[] QueryNorm { get; init; } = [];
}

/// <summary>Projections and vectors of a mixer with a state; those that a kind has no use for are null.</summary>
/// <param name="Input">What is convolved, and for Mamba and short convolutions their gates and steps beside it.</param>
/// <param name="Output">Projection of what comes out.</param>
/// <param name="Taps">Weights of the causal convolution, [taps, channels], the oldest token first.</param>
internal sealed record RecurrentWeights(Projection Input, Projection Output, float[] Taps)
{
    /// <summary>Bias of the convolution, [channels].</summary>
    public float[]? TapBias { get; init; }

    /// <summary>Output gates of the delta rule, before their activation.</summary>
    public Projection? Gate { get; init; }

    /// <summary>How strongly the delta rule corrects, per head, before its sigmoid.</summary>
    public Projection? Beta { get; init; }

    /// <summary>Decays of the delta rule, per head, before their softplus.</summary>
    public Projection? Decay { get; init; }

    /// <summary>Decay rates, per head.</summary>
    public float[]? Rates { get; init; }

    /// <summary>Added to decays or steps before their softplus, per head.</summary>
    public float[]? StepBias { get; init; }

    /// <summary>Share of the input that passes the recurrence by, per head.</summary>
    public float[]? Skip { get; init; }

    /// <summary>Norm of what comes out.</summary>
    public float[]? Norm { get; init; }
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

    /// <summary>Factors on what each expert gives, [experts], or null.</summary>
    public float[]? Scales { get; init; }

    /// <summary>Norms and scales where a dense network runs beside the experts, or null.</summary>
    public BesideWeights? Beside { get; init; }
}

/// <summary>Norms where a dense network and experts run beside each other (Gemma 4).</summary>
/// <param name="Router">Norm of the residual stream for the router, its scale within.</param>
/// <param name="Experts">Norm before the experts.</param>
/// <param name="BehindExperts">Norm of what they give together.</param>
/// <param name="BehindDense">Norm of what the dense network gives.</param>
internal sealed record BesideWeights(NormWeights Router, NormWeights Experts, NormWeights BehindExperts, NormWeights BehindDense);
