namespace Inferometer.Core.Gguf;

/// <summary>What the layers of a GGUF architecture are that keep a state instead of keys and values.</summary>
public enum GgufStates
{
    /// <summary>There are none.</summary>
    None,

    /// <summary>Gated delta rule (Qwen3-Next, Qwen3.5).</summary>
    GatedDelta,

    /// <summary>Mamba-2 (Granite 4).</summary>
    Mamba,

    /// <summary>Gated short convolution (LFM2).</summary>
    ShortConvolution,
}
