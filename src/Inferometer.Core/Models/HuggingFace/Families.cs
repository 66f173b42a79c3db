namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Traits of the known families by <c>model_type</c>, from the families' published modelling code.</summary>
internal static class Families
{
    private static readonly FamilyTraits Llama = new();

    private static readonly FamilyTraits Gemma = new()
    {
        Norm = NormKind.RmsNormPlusOne,
        TiedEmbeddings = true,
        Activation = "gelu_pytorch_tanh",
        ScaledEmbedding = true,
        Windows = WindowRule.None,
    };

    private static readonly FamilyTraits Gemma2 = Gemma with
    {
        PostBlockNorms = true,
        ScoreSoftcap = 50,
        FinalLogitSoftcap = 30,
        QueryScalar = 256,
        Windows = WindowRule.Interleaved,
        GlobalEvery = 2,
    };

    private static readonly FamilyTraits Gemma3 = Gemma2 with
    {
        ScoreSoftcap = 0,
        FinalLogitSoftcap = 0,
        QkNorm = QkNormKind.PerHead,
        GlobalEvery = 6,
        RopeTheta = 1e6,
    };

    // Plain norm weights, a softmax scale of one, and a cap on the final logits.
    private static readonly FamilyTraits Gemma4 = Gemma3 with { Norm = NormKind.RmsNorm, QueryScalar = 1, FinalLogitSoftcap = 30 };

    private static readonly FamilyTraits Qwen2 = new() { QkvBias = true, AttentionBiasCoversOutput = false, Windows = WindowRule.WhenSwitchedOn };

    private static readonly FamilyTraits Qwen2Moe = Qwen2 with { NormalizeTopK = false, SharedGate = true };

    private static readonly FamilyTraits Qwen3 = new() { QkNorm = QkNormKind.PerHead, Windows = WindowRule.WhenSwitchedOn };

    private static readonly FamilyTraits Qwen3Next = Qwen3 with
    {
        Norm = NormKind.RmsNormPlusOne,
        OutputGate = true,
        SharedGate = true,
        RopeTheta = 1e7,
        PartialRotary = 0.25,
        Windows = WindowRule.None,
    };

    private static readonly FamilyTraits DeepSeekV2 = new() { RopeInterleaved = true, NormalizeTopK = false, Windows = WindowRule.None };

    private static readonly FamilyTraits DeepSeekV3 = DeepSeekV2 with { SigmoidRouter = true, RouterBias = true, NormalizeTopK = true };

    private static readonly FamilyTraits Glm4 = new() { RopeInterleaved = true, PartialRotary = 0.5, NormEpsilon = 1e-5, QkvBias = true, AttentionBiasCoversOutput = false };

    private static readonly FamilyTraits Gpt = new()
    {
        Norm = NormKind.LayerNorm,
        NormEpsilon = 1e-5,
        QkvBias = true,
        OutputBias = true,
        FeedForwardBias = true,
        Gated = false,
        Windows = WindowRule.None,
    };

    private static readonly Dictionary<string, FamilyTraits> ByModelType = new(StringComparer.Ordinal)
    {
        ["llama"] = Llama,
        ["mistral"] = Llama,
        ["mistral3"] = Llama,
        ["ministral"] = Llama,
        ["mixtral"] = Llama with { NormEpsilon = 1e-5, RopeTheta = 1e6 },
        ["granite"] = Llama,
        ["phi3"] = Llama with { NormEpsilon = 1e-5 },
        ["phimoe"] = new() { Norm = NormKind.LayerNorm, NormEpsilon = 1e-5, RopeTheta = 1e6, NormalizeTopK = false },
        ["qwen2"] = Qwen2,
        ["qwen2_moe"] = Qwen2Moe,
        ["qwen3"] = Qwen3,
        ["qwen3_moe"] = Qwen3,
        ["qwen3_next"] = Qwen3Next,
        ["qwen3_5"] = Qwen3Next,
        ["qwen3_5_text"] = Qwen3Next,
        ["qwen3_5_moe"] = Qwen3Next,
        ["qwen3_5_moe_text"] = Qwen3Next,
        ["deepseek"] = Llama with { NormalizeTopK = false },
        ["deepseek_v2"] = DeepSeekV2,
        ["deepseek_v3"] = DeepSeekV3,
        ["deepseek_v32"] = DeepSeekV3,
        ["deepseek_v4"] = DeepSeekV3,
        ["kimi_k2"] = DeepSeekV3,
        ["kimi_k25"] = DeepSeekV3,
        ["glm4_moe_lite"] = DeepSeekV3,
        ["glm_moe_dsa"] = DeepSeekV3 with { NormEpsilon = 1e-5 },
        ["glm4_moe"] = Glm4 with { RopeInterleaved = false, SigmoidRouter = true, RouterBias = true },
        ["glm"] = Glm4,
        ["glm4"] = Glm4 with { PostBlockNorms = true },
        ["gemma"] = Gemma,
        ["gemma2"] = Gemma2,
        ["gemma3"] = Gemma3,
        ["gemma3_text"] = Gemma3,
        ["gemma4"] = Gemma4,
        ["gemma4_text"] = Gemma4,
        ["gpt_oss"] = new()
        {
            NormEpsilon = 1e-5,
            QkvBias = true,
            OutputBias = true,
            FeedForwardBias = true,
            AttentionSink = true,
            Activation = "swiglu_oss",
            RopeTheta = 150000,
            Windows = WindowRule.Interleaved,
            GlobalEvery = 2,
            RouterBias = true,
        },
        ["llama4"] = new() { NormEpsilon = 1e-5, RopeTheta = 500000, RopeInterleaved = true, SigmoidRouter = true, NormalizeTopK = false },
        ["llama4_text"] = new() { NormEpsilon = 1e-5, RopeTheta = 500000, RopeInterleaved = true, SigmoidRouter = true, NormalizeTopK = false },
        ["minimax_m2"] = new() { QkNorm = QkNormKind.FullWidth, SigmoidRouter = true, RouterBias = true, RopeTheta = 5e6, PartialRotary = 0.5 },
        ["mimo_v2_flash"] = new()
        {
            NormEpsilon = 1e-5,
            SigmoidRouter = true,
            RouterBias = true,
            RopeTheta = 5e6,
            PartialRotary = 0.334,
        },
        ["nemotron_h"] = new() { NormEpsilon = 1e-5, Position = PositionKind.None, Gated = false, Activation = "relu2" },
        ["nemotron"] = new()
        {
            Norm = NormKind.LayerNorm,
            NormEpsilon = 1e-5,
            Gated = false,
            Activation = "relu2",
            PartialRotary = 0.5,
        },
        ["gpt2"] = Gpt with { Position = PositionKind.Learned, TiedEmbeddings = true, Activation = "gelu_new" },
        ["opt"] = Gpt with { Position = PositionKind.Learned, TiedEmbeddings = true, Activation = "relu", LearnedPositionOffset = 2 },
        ["falcon"] = Gpt with
        {
            TiedEmbeddings = true,
            QkvBias = false,
            OutputBias = false,
            FeedForwardBias = false,
            Activation = "gelu",
            ParallelBlocks = true,
        },
        ["phi"] = Gpt with { LmHeadBias = true, Activation = "gelu_new", ParallelBlocks = true, PartialRotary = 0.5 },
        ["gpt_neox"] = Gpt with { Activation = "gelu", ParallelBlocks = true, PartialRotary = 0.25 },
        ["starcoder2"] = Gpt with { TiedEmbeddings = true, Activation = "gelu_pytorch_tanh", Windows = WindowRule.WhenFieldSet },
    };

    /// <summary>Every <c>model_type</c> with known traits.</summary>
    public static IReadOnlyCollection<string> Known => ByModelType.Keys;

    public static FamilyTraits? Find(string modelType) => ByModelType.GetValueOrDefault(modelType);

    /// <summary>The usual meaning of the usual fields, for a family nobody has described.</summary>
    public static FamilyTraits Unknown => Llama;
}
