namespace Inferometer.ModelFiles.TensorNames;

/// <summary>What a tensor is for, whatever a file calls it.</summary>
public enum WeightRole
{
    /// <summary>Token embedding, [vocabulary, hidden].</summary>
    Embedding,

    /// <summary>Norm before the head.</summary>
    FinalNorm,

    /// <summary>Head that gives the logits, [vocabulary, hidden].</summary>
    LmHead,

    /// <summary>Norm before attention.</summary>
    AttentionNorm,

    /// <summary>Norm of what attention gave.</summary>
    PostAttentionNorm,

    /// <summary>Norm before the feed-forward part.</summary>
    FeedForwardNorm,

    /// <summary>Norm of what the feed-forward part gave.</summary>
    PostFeedForwardNorm,

    /// <summary>Query projection.</summary>
    Query,

    /// <summary>Key projection.</summary>
    Key,

    /// <summary>Value projection.</summary>
    Value,

    /// <summary>Query, key and value projections, one above the other.</summary>
    FusedQueryKeyValue,

    /// <summary>Projection of the attended values.</summary>
    AttentionOutput,

    /// <summary>Norm of the queries.</summary>
    QueryNorm,

    /// <summary>Norm of the keys.</summary>
    KeyNorm,

    /// <summary>Gate of the feed-forward part.</summary>
    Gate,

    /// <summary>Up-projection of the feed-forward part.</summary>
    Up,

    /// <summary>Gate and up-projection, one above the other.</summary>
    FusedGateUp,

    /// <summary>Down-projection of the feed-forward part.</summary>
    Down,

    /// <summary>Scores of the experts, [experts, hidden].</summary>
    Router,

    /// <summary>Gates of the experts.</summary>
    ExpertGate,

    /// <summary>Up-projections of the experts.</summary>
    ExpertUp,

    /// <summary>Down-projections of the experts.</summary>
    ExpertDown,

    /// <summary>Gate of the shared experts.</summary>
    SharedGate,

    /// <summary>Up-projection of the shared experts.</summary>
    SharedUp,

    /// <summary>Down-projection of the shared experts.</summary>
    SharedDown,

    /// <summary>How much of the shared experts a token takes, [1, hidden].</summary>
    SharedExpertGate,

    /// <summary>Learned rows added to the embedding, [positions, hidden].</summary>
    PositionTable,

    /// <summary>Gate on the attended values, as wide as they are.</summary>
    AttentionGate,

    /// <summary>A logit per head in the denominator of the softmax.</summary>
    AttentionSinks,

    /// <summary>What is added to the experts' scores for the choice alone.</summary>
    RouterCorrection,

    /// <summary>Slope of an activation above zero, before its softplus.</summary>
    ActivationPositive,

    /// <summary>Slope of an activation below zero, before its softplus.</summary>
    ActivationNegative,

    /// <summary>Compression of the queries of latent attention.</summary>
    QueryDown,

    /// <summary>Norm of the compressed queries.</summary>
    QueryDownNorm,

    /// <summary>Queries of all heads from the compressed ones.</summary>
    QueryUp,

    /// <summary>Latent of keys and values, and the shared rotary key.</summary>
    LatentDown,

    /// <summary>Norm of the latent.</summary>
    LatentNorm,

    /// <summary>For each head keys and then values from the latent, as files had them before 2025.</summary>
    LatentUp,

    /// <summary>For each head, from queries to the latent's width, [heads, latent, head width].</summary>
    KeyUp,

    /// <summary>For each head, from the latent to values, [heads, value width, latent].</summary>
    ValueUp,

    /// <summary>What a mixer with a state convolves, and what Mamba and short convolutions project beside it.</summary>
    StateInput,

    /// <summary>Output gates of the delta rule.</summary>
    StateGate,

    /// <summary>How strongly the delta rule corrects.</summary>
    StateBeta,

    /// <summary>Decays of the delta rule.</summary>
    StateDecay,

    /// <summary>Causal convolution, [channels, 1, taps].</summary>
    StateConvolution,

    /// <summary>Logarithm of decay rates.</summary>
    StateRates,

    /// <summary>Bias of decays or steps.</summary>
    StateStepBias,

    /// <summary>Share of the input that passes a recurrence by.</summary>
    StateSkip,

    /// <summary>Norm of what a recurrence gives.</summary>
    StateNorm,

    /// <summary>Projection of what a recurrence gives.</summary>
    StateOutput,

    /// <summary>Divisors of rotary frequencies.</summary>
    RopeDivisors,

    /// <summary>Divisors of rotary frequencies within the original context (LongRoPE).</summary>
    RopeShortDivisors,

    /// <summary>Divisors of rotary frequencies beyond it.</summary>
    RopeLongDivisors,
}
