using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>
/// What a family's published modelling code does, as far as it differs from Llama's, with the names of its checkpoints. Written from that
/// code and apart from the engine's own description.
/// </summary>
public sealed record FamilySpec(string ModelType)
{
    public const int LatentRank = 24, NopeDim = 16, RopeDim = 8, ValueDim = 12;

    public const int MambaHeads = 4, MambaWidth = 32, MambaState = 8, MambaGroups = 2, Taps = 3;

    public const int Hidden = 64, Inner = 96, Layers = 4, Heads = 4, HeadDim = 16, Vocabulary = 80, Experts = 6, ExpertInner = 32;

    /// <summary>Keys of config.json beside or instead of the usual ones; null removes one.</summary>
    public JsonObject Config { get; init; } = [];

    public int KvHeads { get; init; } = 2;

    public string Embedding { get; init; } = "model.embed_tokens";

    public string? Positions { get; init; }

    public string FinalNorm { get; init; } = "model.norm";

    /// <summary>Null where the embedding serves.</summary>
    public string? Head { get; init; } = "lm_head";

    public bool HeadBias { get; init; }

    public string LayerPrefix { get; init; } = "model.layers.";

    /// <summary>rms, ln (weight and bias), ln1p (weight an offset from one, bias), lnw (no bias), plain (no parameters).</summary>
    public string Norm { get; init; } = "rms";

    public string? BeforeAttention { get; init; } = "input_layernorm";

    public string? BehindAttention { get; init; }

    /// <summary>Null where both parts read the same.</summary>
    public string? BeforeFeedForward { get; init; } = "post_attention_layernorm";

    public string? BehindFeedForward { get; init; }

    public bool IsParallel { get; init; }

    /// <summary>alone, grouped (for each key head its queries, its key, its value), conv1d (GPT-2).</summary>
    public string Qkv { get; init; } = "alone";

    public string Attention { get; init; } = "self_attn.";

    public string FusedQkv { get; init; } = "";

    public string Output { get; init; } = "o_proj";

    public bool QkvBias { get; init; }

    public bool OutputBias { get; init; }

    /// <summary>
    /// Nothing, head (RMS of head width), plain (the same without weights, where positions enter), full (RMS over all heads), each (layer
    /// norm for every head).
    /// </summary>
    public string QkNorm { get; init; } = "";

    public (string Query, string Key) QkNormNames { get; init; } = ("q_norm", "k_norm");

    public bool NormsAfterRope { get; init; }

    public double Clip { get; init; }

    public bool NeighboursRotate { get; init; }

    public int Rotated { get; init; } = HeadDim;

    public double Theta { get; init; } = 10000;

    /// <summary>Factors on frequencies and amplitude of a layer's rotary embedding, or null.</summary>
    public Func<int, (Func<int, double> Frequency, double Amplitude)?>? Scaling { get; init; }

    public Func<int, bool> HasRope { get; init; } = _ => true;

    /// <summary>Tokens that a layer looks back, itself included.</summary>
    public Func<int, int> Window { get; init; } = _ => int.MaxValue;

    /// <summary>Attention is cut at multiples of so many tokens in layers that know positions; 0 = not.</summary>
    public int Chunk { get; init; }

    /// <summary>How queries of a layer grow, after how many tokens each, and where counting starts; 0 = not.</summary>
    public Func<int, (double Scale, int Tokens, int Offset)> Temperature { get; init; } = _ => default;

    public double ScoreScale { get; init; } = 1 / Math.Sqrt(HeadDim);

    public bool HasSinks { get; init; }

    public double EmbeddingScale { get; init; } = 1;

    public double ResidualScale { get; init; } = 1;

    public double LogitScale { get; init; } = 1;

    /// <summary>silu, gelu, gelu_tanh, relu2, xielu, oss.</summary>
    public string Activation { get; init; } = "silu";

    public string FeedForward { get; init; } = "mlp.";

    /// <summary>Gate (null for none), up and down; where gate and up are the same name they are one matrix.</summary>
    public (string? Gate, string Up, string Down) Network { get; init; } = ("gate_proj", "up_proj", "down_proj");

    /// <summary>Inner width of dense layers.</summary>
    public int DenseInner { get; init; } = Inner;

    public bool FeedForwardBias { get; init; }

    /// <summary>Matrices of networks are [inputs, outputs] (GPT-2).</summary>
    public bool IsTransposed { get; init; }

    /// <summary>Width of the compressed queries of latent attention; 0 = not compressed.</summary>
    public int QueryRank { get; init; }

    /// <summary>attention, latent (DeepSeek), mamba (Mamba-2) or convolution (LFM2).</summary>
    public Func<int, string> Mixer { get; init; } = _ => "attention";

    /// <summary>What stands before the names of Mamba's weights.</summary>
    public string MambaPrefix { get; init; } = "mamba.";

    /// <summary>False where a layer is its mixer alone.</summary>
    public bool HasFeedForward { get; init; } = true;

    public Func<int, bool> HasExperts { get; init; } = _ => false;

    public ExpertSpec? Mixture { get; init; }
}

/// <summary>How a family routes to experts, and what their weights are called.</summary>
public sealed record ExpertSpec(string Router)
{
    /// <summary>
    /// numbered (a matrix for each), granite (fused and stacked), oss (stacked, transposed, interleaved, biased), llama4 (stacked,
    /// transposed; the router's weight scales the input).
    /// </summary>
    public string Layout { get; init; } = "numbered";

    public string Experts { get; init; } = "mlp.experts.";

    public (string Gate, string Up, string Down) Names { get; init; } = ("gate_proj", "up_proj", "down_proj");

    public int Used { get; init; } = 2;

    public int Inner { get; init; } = FamilySpec.ExpertInner;

    public bool UsesSigmoid { get; init; }

    public string? Correction { get; init; }

    public int Groups { get; init; } = 1;

    public int GroupsUsed { get; init; } = 1;

    public bool Normalises { get; init; } = true;

    public double Scale { get; init; } = 1;

    public string? Shared { get; init; }

    public int SharedInner { get; init; }

    public bool RouterBias { get; init; }
}
