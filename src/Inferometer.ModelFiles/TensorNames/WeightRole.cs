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

    /// <summary>Rows added to the embedding that tell a first text from a second, [types, hidden].</summary>
    TokenTypes,

    /// <summary>Norm of the embedding.</summary>
    EmbeddingNorm,

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

    /// <summary>Table of the layers' own inputs, [tokens, layers x width].</summary>
    LayerInputTable,

    /// <summary>From the embedding to the layers' own inputs.</summary>
    LayerInputProjection,

    /// <summary>Norm of what is projected for one layer.</summary>
    LayerInputNorm,

    /// <summary>Gate on a layer's own input.</summary>
    LayerInputGate,

    /// <summary>From a layer's own input to the residual stream.</summary>
    LayerInputOutput,

    /// <summary>Norm of what a layer's own input gives.</summary>
    LayerInputOutputNorm,

    /// <summary>Factor on what a layer gives.</summary>
    LayerScale,

    /// <summary>From the embedding to the other residual streams, [streams - 1, hidden, hidden].</summary>
    StreamProjection,

    /// <summary>From the other residual streams to what is merged, [streams - 1, hidden, hidden].</summary>
    StreamMerging,

    /// <summary>Norm of what chooses how streams are mixed.</summary>
    UpdateNorm,

    /// <summary>What chooses how streams are mixed, [streams, hidden].</summary>
    UpdateRouter,

    /// <summary>How streams are predicted, [streams x streams, streams].</summary>
    UpdatePrediction,

    /// <summary>How streams are corrected, [streams, streams].</summary>
    UpdateCorrection,

    /// <summary>Factors on the channels of the corrected stream.</summary>
    UpdateScale,

    /// <summary>Into the low-rank branch beside attention.</summary>
    BranchDown,

    /// <summary>Out of it.</summary>
    BranchUp,

    /// <summary>Norm of what it gives.</summary>
    BranchNorm,

    /// <summary>Factors on the channels that a router reads.</summary>
    RouterScale,

    /// <summary>A factor for each expert.</summary>
    ExpertScale,

    /// <summary>Norm before the experts where a dense network beside them has one of its own.</summary>
    ExpertNorm,

    /// <summary>Norm of what experts give together.</summary>
    PostExpertNorm,

    /// <summary>Norm of what the dense network beside experts gives.</summary>
    PostDenseNorm,

    /// <summary>Divisors of rotary frequencies.</summary>
    RopeDivisors,

    /// <summary>Divisors of rotary frequencies within the original context (LongRoPE).</summary>
    RopeShortDivisors,

    /// <summary>Divisors of rotary frequencies beyond it.</summary>
    RopeLongDivisors,
}
