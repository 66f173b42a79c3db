namespace Inferometer.Core.Models.HuggingFace;

/// <summary>What a model family fixes outside its config.json, or leaves out when it has the class's default value.</summary>
internal sealed record FamilyTraits
{
    /// <summary>Values the family's class gives to fields that a file leaves out, as a JSON object.</summary>
    public string Defaults { get; init; } = "{}";

    public NormKind Norm { get; init; } = NormKind.RmsNorm;

    public double NormEpsilon { get; init; } = 1e-6;

    public PositionKind Position { get; init; } = PositionKind.Rotary;

    public bool TiedEmbeddings { get; init; }

    /// <summary>
    /// The class has a head of its own although its configuration says tied (CPM-Ant, whose table also holds prompts; Inkling).
    /// </summary>
    public bool UntiedWhateverTheFileSays { get; init; }

    public bool QkvBias { get; init; }

    public bool OutputBias { get; init; }

    /// <summary>
    /// <c>attention_bias</c> also gives the output projection a bias (Llama); false where it never has one (Qwen2, GLM-4).
    /// </summary>
    public bool AttentionBiasCoversOutput { get; init; } = true;

    public bool FeedForwardBias { get; init; }

    public bool LmHeadBias { get; init; }

    public bool Gated { get; init; } = true;

    public string Activation { get; init; } = "silu";

    public QkNormKind QkNorm { get; init; }

    /// <summary>The norm on queries and keys follows the rotary embedding.</summary>
    public bool QkNormAfterRope { get; init; }

    public bool OutputGate { get; init; }

    /// <summary>One gate per head (Laguna).</summary>
    public bool HeadGate { get; init; }

    public bool AttentionSink { get; init; }

    public double RopeTheta { get; init; } = 10000;

    public double PartialRotary { get; init; } = 1;

    /// <summary>Base of local layers where the file says nothing; 0 = that of the others (Gemma 3 has one of its own).</summary>
    public double LocalRopeTheta { get; init; }

    /// <summary>The context extension does not reach local layers (OLMo-3).</summary>
    public bool ScalesGlobalRopeOnly { get; init; }

    public bool RopeInterleaved { get; init; }

    /// <summary>Of partly rotated heads the later pairs of the whole head stand still (Gemma 4).</summary>
    public bool ProportionalRope { get; init; }

    /// <summary>Values are normed without a weight.</summary>
    public bool ValueNorm { get; init; }

    /// <summary>Layers that look at the whole context know no positions (Command R7B, EXAONE 4).</summary>
    public bool GlobalWithoutRope { get; init; }

    public bool PostBlockNorms { get; init; }

    /// <summary>Norms stand behind the blocks, and none before them.</summary>
    public bool NormsBehindBlocks { get; init; }

    public bool ParallelBlocks { get; init; }

    /// <summary>Norms before a block whose attention and feed-forward parts run side by side; 2 elsewhere.</summary>
    public int PreBlockNorms { get; init; } = 2;

    /// <summary>Tokens see those behind them, and there is no head for tokens (BERT).</summary>
    public bool IsEncoder { get; init; }

    /// <summary>Norms run after the residual addition, and there is no final one (GPT-1, BERT).</summary>
    public bool NormAfterResidual { get; init; }

    public bool ScaledEmbedding { get; init; }

    public double ScoreSoftcap { get; init; }

    public double FinalLogitSoftcap { get; init; }

    /// <summary>Class default of <c>query_pre_attn_scalar</c>; 0 = the head width.</summary>
    public double QueryScalar { get; init; }

    public WindowRule Windows { get; init; } = WindowRule.WhenFieldSet;

    /// <summary>Class default of the window pattern: every n-th layer is global.</summary>
    public int GlobalEvery { get; init; }

    public bool SigmoidRouter { get; init; }

    /// <summary>Class default of the sparse mixer's share (Phi-3.5-MoE); 0 = a usual router.</summary>
    public double RouterJitter { get; init; }

    public bool RouterBias { get; init; }

    public bool NormalizeTopK { get; init; } = true;

    public bool SharedGate { get; init; }

    /// <summary>Experts are as wide as <c>intermediate_size</c> says, whatever else a file holds (Mixtral, gpt-oss, OLMoE).</summary>
    public bool ExpertsHaveUsualWidth { get; init; }

    /// <summary>Routed experts exist only where this field is true (Doge: <c>is_moe</c>).</summary>
    public string? ExpertSwitch { get; init; }

    /// <summary>Width of the inner layer, as a multiple of the hidden size, where the file says nothing; 0 = it must say.</summary>
    public int InnerMultiple { get; init; }

    public int LearnedPositionOffset { get; init; }

    /// <summary>What a layer called linear, recurrent, mamba or conv is in this family.</summary>
    public RecurrentKind Recurrent { get; init; } = RecurrentKind.GatedDelta;

    /// <summary>Which layers are recurrent where <c>layer_types</c> does not say.</summary>
    public Func<JsonFields, int, bool>? IsRecurrent { get; init; }

    /// <summary>How layers are stacked, where it is not one mixer and one feed-forward part for each.</summary>
    public Func<LayerFactory, IEnumerable<LayerArchitecture>>? Stack { get; init; }

    /// <summary>What the family adds to a layer or changes of it.</summary>
    public Func<LayerFactory, int, LayerArchitecture, LayerArchitecture>? FinishLayer { get; init; }

    /// <summary>What the family adds outside the layers.</summary>
    public Func<LayerFactory, IEnumerable<SidePart>>? ModelParts { get; init; }

    /// <summary>What the family changes of the whole.</summary>
    public Func<LayerFactory, ModelArchitecture, ModelArchitecture>? FinishModel { get; init; }
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

/// <summary>Recurrences the families use.</summary>
internal enum RecurrentKind
{
    /// <summary>Gated delta rule (Qwen3-Next, OLMo Hybrid).</summary>
    GatedDelta,

    /// <summary>Mamba-2.</summary>
    Mamba2,

    /// <summary>Mamba-1.</summary>
    Mamba1,

    /// <summary>Lightning attention (MiniMax-01).</summary>
    Lightning,

    /// <summary>Gated short convolution (LFM2).</summary>
    ShortConvolution,

    /// <summary>Kimi delta attention.</summary>
    KimiDelta,

    /// <summary>Real-gated linear recurrent unit (Griffin, RecurrentGemma).</summary>
    LinearUnit,

    /// <summary>RWKV-4 time mixing.</summary>
    Rwkv4,

    /// <summary>Matrix LSTM (xLSTM-7B).</summary>
    MatrixLstm,
}
