using Inferometer.Cpu.Kernels.Matrices;

namespace Inferometer.Cpu.Weights;

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

    /// <summary>
    /// What to do about the file of repacked weights beside the model, which spares repacking at the next start and takes as much room on
    /// the disk as the model: it is <c>MODEL.gguf.repacked</c>, or <c>model.repacked</c> inside a folder. It is only used for the very
    /// weights and the layout of weights that it was made for, and whole; with <see cref="CheckWeights"/> all of it is compared with its
    /// checksums.
    /// </summary>
    public RepackedFileUse RepackedFile { get; init; } = RepackedFileUse.Read;

    /// <summary>
    /// Steps in which quantised weights are repacked while they are in use, a part of the model in each, after a first step that uses them
    /// as they are stored; 0 = all of them when the model is loaded. The first result comes sooner and those steps take longer; what is
    /// computed is the same to the bit. Weights that are kept in the file of repacked weights, or that are worked out while they are read,
    /// are repacked at once whatever is asked for. The model's files are read until the last of them is repacked.
    /// </summary>
    public int RepackingSteps { get; init; }

    /// <summary>How stored weights are laid out for the kernels, and whether quantised ones meet quantised activations.</summary>
    public WeightPackingOptions Packing { get; init; } = new();

    /// <summary>Switches of the forward pass.</summary>
    public ForwardOptions Forward { get; init; } = new();
}
