namespace Inferometer.Measurement.Published;

/// <summary>Kinds of work that tables of operators time.</summary>
public enum OperatorClass
{
    /// <summary>Something else, which no cost model is asked about.</summary>
    Other,

    /// <summary>A probe of the device: copying, reading, starting a kernel.</summary>
    Probe,

    /// <summary>A decoder step that reads prompts.</summary>
    PrefillStep,

    /// <summary>A decoder step of one token per sequence.</summary>
    DecodeStep,

    /// <summary>A dense matrix product.</summary>
    MatrixProduct,

    /// <summary>Attention of new prompts.</summary>
    PrefillAttention,

    /// <summary>Attention of one new token per sequence.</summary>
    DecodeAttention,

    /// <summary>Attention of a mixed batch.</summary>
    MixedAttention,

    /// <summary>Latent attention (MLA) of new prompts.</summary>
    LatentPrefillAttention,

    /// <summary>Latent attention (MLA) of one new token per sequence.</summary>
    LatentDecodeAttention,

    /// <summary>Sparse or linear attention.</summary>
    OtherAttention,

    /// <summary>Routed experts.</summary>
    Experts,

    /// <summary>Sum over devices.</summary>
    AllReduce,

    /// <summary>Another message between devices.</summary>
    OtherCollective,

    /// <summary>Normalisation.</summary>
    Norm,

    /// <summary>Activation function of a feed-forward part.</summary>
    Activation,

    /// <summary>Token lookup.</summary>
    Embedding,

    /// <summary>Rotary position embedding.</summary>
    Rotary,
}
