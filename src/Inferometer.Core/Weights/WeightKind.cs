namespace Inferometer.Core.Weights;

/// <summary>What a tensor of weights is, as finely as formats tell tensors apart.</summary>
public enum WeightKind
{
    /// <summary>Token table.</summary>
    TokenTable,

    /// <summary>Learned positions.</summary>
    PositionTable,

    /// <summary>Projection between the width of the token table and the residual stream.</summary>
    TableProjection,

    /// <summary>LM head.</summary>
    Head,

    /// <summary>Query projection.</summary>
    Query,

    /// <summary>Key projection.</summary>
    Key,

    /// <summary>Value projection.</summary>
    Value,

    /// <summary>Gate on the output of attention.</summary>
    AttentionGate,

    /// <summary>Output projection of attention.</summary>
    AttentionOutput,

    /// <summary>Query compression of latent attention.</summary>
    QueryDown,

    /// <summary>Queries from their latent.</summary>
    QueryUp,

    /// <summary>Key and value latent, with the rotary key.</summary>
    LatentDown,

    /// <summary>Keys from the latent.</summary>
    KeyUp,

    /// <summary>Values from the latent.</summary>
    ValueUp,

    /// <summary>Indexer and pooling matrices of sparse attention.</summary>
    Indexer,

    /// <summary>Matrices before a recurrence.</summary>
    RecurrentInput,

    /// <summary>Matrix behind a recurrence.</summary>
    RecurrentOutput,

    /// <summary>Causal convolution.</summary>
    Convolution,

    /// <summary>Gate of a dense feed-forward network.</summary>
    Gate,

    /// <summary>First matrix of a dense feed-forward network.</summary>
    Up,

    /// <summary>Last matrix of a dense feed-forward network.</summary>
    Down,

    /// <summary>Gates of the routed experts.</summary>
    ExpertGate,

    /// <summary>First matrices of the routed experts.</summary>
    ExpertUp,

    /// <summary>Last matrices of the routed experts.</summary>
    ExpertDown,

    /// <summary>Gate of the shared experts.</summary>
    SharedGate,

    /// <summary>First matrix of the shared experts.</summary>
    SharedUp,

    /// <summary>Last matrix of the shared experts.</summary>
    SharedDown,

    /// <summary>The one output that weighs the shared experts.</summary>
    SharedSwitch,

    /// <summary>Router.</summary>
    Router,

    /// <summary>Norms, those on queries and keys included.</summary>
    Norm,

    /// <summary>Biases.</summary>
    Bias,

    /// <summary>Other vectors: sinks, decays, mixing weights of residual streams.</summary>
    Vector,

    /// <summary>Matrices of a side part that a step multiplies with.</summary>
    PartMatrix,

    /// <summary>A side part that is applied element by element.</summary>
    PartVector,

    /// <summary>A side table of which a token reads rows.</summary>
    PartTable,

    /// <summary>A part that is idle for text: a tower for images or sound.</summary>
    PartIdle,
}
