using Inferometer.Inference.Kernels.Matrices;

namespace Inferometer.Inference.Execution;

/// <summary>How a model is brought into memory.</summary>
public sealed record LoadOptions
{
    /// <summary>Worker threads; 0 = as many as the machine has processors.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// Longest context that will be run, tokens; 0 = what the model was made for. Rotary schemes whose frequencies depend on the context
    /// (dynamic NTK, LongRoPE) choose them once, for this length, because keys in the cache are already rotated.
    /// </summary>
    public int ContextTokens { get; init; }

    /// <summary>Read every weight once and refuse files that hold NaN or infinity.</summary>
    public bool CheckWeights { get; init; } = true;

    /// <summary>How stored weights are laid out for the kernels, and whether quantised ones meet quantised activations.</summary>
    public WeightPackingOptions Packing { get; init; } = new();

    /// <summary>Switches of the forward pass.</summary>
    public ForwardOptions Forward { get; init; } = new();
}
