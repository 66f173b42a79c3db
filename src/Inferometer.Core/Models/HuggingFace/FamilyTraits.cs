namespace Inferometer.Core.Models.HuggingFace;

/// <summary>What a model family fixes outside its config.json, or leaves out when it has the class's default value.</summary>
internal sealed record FamilyTraits
{
    public NormKind Norm { get; init; } = NormKind.RmsNorm;

    public double NormEpsilon { get; init; } = 1e-6;

    public PositionKind Position { get; init; } = PositionKind.Rotary;

    public bool TiedEmbeddings { get; init; }

    public bool QkvBias { get; init; }

    public bool OutputBias { get; init; }

    /// <summary><c>attention_bias</c> also gives the output projection a bias (Llama); false where it never has one (Qwen2, GLM-4).</summary>
    public bool AttentionBiasCoversOutput { get; init; } = true;

    public bool FeedForwardBias { get; init; }

    public bool LmHeadBias { get; init; }

    public bool Gated { get; init; } = true;

    public string Activation { get; init; } = "silu";

    public QkNormKind QkNorm { get; init; }

    public bool OutputGate { get; init; }

    public bool AttentionSink { get; init; }

    public double RopeTheta { get; init; } = 10000;

    public double PartialRotary { get; init; } = 1;

    public bool RopeInterleaved { get; init; }

    public bool PostBlockNorms { get; init; }

    public bool ParallelBlocks { get; init; }

    public bool ScaledEmbedding { get; init; }

    public double ScoreSoftcap { get; init; }

    public double FinalLogitSoftcap { get; init; }

    /// <summary>Class default of <c>query_pre_attn_scalar</c>; 0 = the head width.</summary>
    public double QueryScalar { get; init; }

    public WindowRule Windows { get; init; } = WindowRule.WhenFieldSet;

    /// <summary>Class default of the window pattern: every n-th layer is global.</summary>
    public int GlobalEvery { get; init; }

    public bool SigmoidRouter { get; init; }

    public bool RouterBias { get; init; }

    public bool NormalizeTopK { get; init; } = true;

    public bool SharedGate { get; init; }

    public int LearnedPositionOffset { get; init; }
}

/// <summary>How a family's configuration says which layers look back a limited distance.</summary>
internal enum WindowRule
{
    /// <summary>All layers, when <c>sliding_window</c> is set (Mistral, Phi-3).</summary>
    WhenFieldSet,

    /// <summary>Only with <c>use_sliding_window</c>, above <c>max_window_layers</c> (Qwen).</summary>
    WhenSwitchedOn,

    /// <summary>Local layers with a global one every so many (Gemma, gpt-oss).</summary>
    Interleaved,

    /// <summary>Never.</summary>
    None,
}
