namespace Inferometer.Core.Models;

/// <summary>Normalisation between blocks.</summary>
public enum NormKind
{
    /// <summary>Root-mean-square norm with a weight.</summary>
    RmsNorm,

    /// <summary>RMS norm whose stored weight is an offset from one (Gemma in Hugging Face files).</summary>
    RmsNormPlusOne,

    /// <summary>Layer norm with weight and bias.</summary>
    LayerNorm,

    /// <summary>Layer norm without bias.</summary>
    LayerNormNoBias,

    /// <summary>A norm without parameters.</summary>
    NonParametric,

    /// <summary>Layer norm with weight and bias whose stored weight is an offset from one (Nemotron in Hugging Face files).</summary>
    LayerNormPlusOne,
}

/// <summary>How positions enter the network.</summary>
public enum PositionKind
{
    /// <summary>Rotary embedding of queries and keys.</summary>
    Rotary,

    /// <summary>A learned table added to the embedding.</summary>
    Learned,

    /// <summary>A fixed table of sines added to the embedding.</summary>
    Sinusoidal,

    /// <summary>Biases on the scores that grow with distance.</summary>
    Alibi,

    /// <summary>None.</summary>
    None,
}

/// <summary>Norm on queries and keys.</summary>
public enum QkNormKind
{
    /// <summary>None.</summary>
    None,

    /// <summary>One weight of head width, shared by all heads (Qwen3, Gemma 3).</summary>
    PerHead,

    /// <summary>One weight over all heads together (OLMo-2, MiniMax).</summary>
    FullWidth,

    /// <summary>Without a weight (Llama-4).</summary>
    NonParametric,

    /// <summary>A layer norm of head width with weight and bias, shared by all heads (Persimmon).</summary>
    PerHeadLayerNorm,

    /// <summary>A layer norm for every head, with a weight of its own and no bias (Cohere, StableLM 2).</summary>
    EachHead,
}

/// <summary>Non-linearity of a feed-forward network.</summary>
public enum ActivationKind
{
    /// <summary>x * sigmoid(x).</summary>
    Silu,

    /// <summary>Gaussian error linear unit, exact (erf).</summary>
    Gelu,

    /// <summary>Gaussian error linear unit, tanh form.</summary>
    GeluTanh,

    /// <summary>max(0, x).</summary>
    Relu,

    /// <summary>max(0, x) squared (Nemotron).</summary>
    ReluSquared,

    /// <summary>Expanded integral of ELU, with learned slopes (Apertus).</summary>
    XIelu,

    /// <summary>gpt-oss: clamped, x * sigmoid(1.702 x), with up + 1.</summary>
    SwigluOss,
}

/// <summary>Rotary context-extension scheme.</summary>
public enum RopeScaling
{
    /// <summary>None.</summary>
    None,

    /// <summary>Positions divided by the factor.</summary>
    Linear,

    /// <summary>Base grown with the context (dynamic NTK).</summary>
    DynamicNtk,

    /// <summary>Llama 3.1 smooth interpolation between kept and divided frequencies.</summary>
    Llama3,

    /// <summary>YaRN.</summary>
    Yarn,

    /// <summary>LongRoPE (Phi-3): a divisor per frequency.</summary>
    LongRope,
}
