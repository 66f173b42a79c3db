using Inferometer.Core.Models;

namespace Inferometer.Core.Gguf;

/// <summary>
/// The GGUF architectures that are known, after llama.cpp's. Norm weights of Gemma and Nemotron are stored with the one already added.
/// </summary>
public static class GgufFamilies
{
    private static readonly GgufFamily Gemma = new() { Activation = ActivationKind.GeluTanh, ScaledEmbedding = true };

    private static readonly GgufFamily Granite = new() { InterleavedRope = true, ReordersHeads = true, DividesLogits = true };

    private static readonly GgufFamily Cohere = new() { Norm = NormKind.LayerNormNoBias, InterleavedRope = true, ParallelBlocks = true };

    private static readonly GgufFamily Gemma3n = Gemma with { ValueNorm = true, PlainScores = true, LocalRopeTheta = 10000 };

    // The norm before the head goes by the name of another, of the embedding.
    private static readonly GgufFamily Lfm2 = new() { States = GgufStates.ShortConvolution, FinalNorm = "token_embd_norm" };

    private static readonly GgufFamily Bert = new()
    {
        IsEncoder = true,
        NormAfterResidual = true,
        Norm = NormKind.LayerNorm,
        Activation = ActivationKind.Gelu,
    };

    private static readonly GgufFamily Qwen3Next = new()
    {
        States = GgufStates.GatedDelta,
        FusesOutputGate = true,
        FeedForwardNormIsPostAttention = true,
    };

    private static readonly Dictionary<string, GgufFamily> ByName = new(StringComparer.Ordinal)
    {
        ["llama"] = new() { InterleavedRope = true, ReordersHeads = true, ModelTypes = ["llama", "mistral", "mixtral", "helium"] },
        ["mistral3"] = new() { InterleavedRope = true, ReordersHeads = true, GrowsQueries = true, ModelTypes = ["ministral3"] },
        ["qwen2"] = new() { ModelTypes = ["qwen2"] },
        ["qwen2moe"] = new() { NormalizeTopK = false, ModelTypes = ["qwen2_moe"] },
        ["qwen3"] = new() { ModelTypes = ["qwen3"] },
        ["qwen3moe"] = new() { ModelTypes = ["qwen3_moe"] },
        ["phi3"] = new() { ModelTypes = ["phi3"] },
        ["phimoe"] = new() { Norm = NormKind.LayerNorm, NormalizeTopK = false, RouterJitter = 0.01, ModelTypes = ["phimoe"] },
        ["phi2"] = new()
        {
            Norm = NormKind.LayerNorm,
            Activation = ActivationKind.GeluTanh,
            ParallelBlocks = true,
            ModelTypes = ["phi"],
        },
        ["gemma"] = Gemma with { ModelTypes = ["gemma"] },
        ["gemma2"] = Gemma with { GlobalEvery = 2, ModelTypes = ["gemma2"] },
        ["gemma3"] = Gemma with { GlobalEvery = 6, LocalRopeTheta = 10000, ModelTypes = ["gemma3", "gemma3_text"] },
        ["gemma3n"] = Gemma3n with { GlobalEvery = 5, ModelTypes = ["gemma3n", "gemma3n_text"] },
        ["gemma4"] = Gemma3n with
        {
            GlobalEvery = 6,
            ScalesGlobalRopeOnly = true,
            DenseBesideExperts = true,
            ModelTypes = ["gemma4", "gemma4_text", "gemma4_unified", "gemma4_unified_text"],
        },
        ["llama4"] = new()
        {
            InterleavedRope = true,
            NoRopeEvery = 4,
            ChunkTokens = 8192,
            QkNormAfterRope = true,
            SigmoidRouter = true,
            ScalesExpertInput = true,
            NormalizeTopK = false,
            ModelTypes = ["llama4", "llama4_text"],
        },
        ["qwen3next"] = Qwen3Next with { ModelTypes = ["qwen3_next"] },
        ["qwen35"] = Qwen3Next with { ValueHeadsInTurn = true, ModelTypes = ["qwen3_5", "qwen3_5_text"] },
        ["qwen35moe"] = Qwen3Next with { ValueHeadsInTurn = true, ModelTypes = ["qwen3_5_moe", "qwen3_5_moe_text"] },
        ["granitehybrid"] = Granite with { States = GgufStates.Mamba, RopeIsOptional = true, ModelTypes = ["granitemoehybrid"] },
        ["mamba2"] = new() { States = GgufStates.Mamba, ModelTypes = ["mamba2"] },
        ["apertus"] = new() { Activation = ActivationKind.XIelu, ModelTypes = ["apertus"] },
        ["lfm2"] = Lfm2 with { ModelTypes = ["lfm2"] },
        ["lfm2moe"] = Lfm2 with { ModelTypes = ["lfm2_moe"] },
        ["hunyuan-moe"] = new() { QkNormAfterRope = true, ModelTypes = ["hunyuan_v1_moe"] },
        ["smollm3"] = new() { InterleavedRope = true, ReordersHeads = true, NoRopeEvery = 4, ModelTypes = ["smollm3"] },
        ["seed_oss"] = new() { FeedForwardNormIsPostAttention = true, ModelTypes = ["seed_oss"] },
        ["starcoder2"] = new() { Norm = NormKind.LayerNorm, Activation = ActivationKind.GeluTanh, ModelTypes = ["starcoder2"] },
        ["stablelm"] = new() { Norm = NormKind.LayerNorm, ParallelBlocks = true, ModelTypes = ["stablelm"] },
        ["deepseek2"] = new()
        {
            InterleavedRope = true,
            NormalizeTopK = false,
            ModelTypes = ["deepseek_v2", "deepseek_v3", "kimi_k2", "glm4_moe_lite"],
        },
        ["gpt-oss"] = new()
        {
            Activation = ActivationKind.SwigluOss,
            GlobalEvery = 2,
            FeedForwardNormIsPostAttention = true,
            TruncatesYarnRange = false,
            ModelTypes = ["gpt_oss"],
        },
        ["olmo"] = new() { Norm = NormKind.NonParametric, InterleavedRope = true, ReordersHeads = true, ModelTypes = ["olmo"] },
        ["olmo2"] = new() { GlobalEvery = 4, ScalesGlobalRopeOnly = true, ModelTypes = ["olmo2", "olmo3"] },
        ["olmoe"] = new() { NormalizeTopK = false, ModelTypes = ["olmoe"] },
        ["granite"] = Granite with { ModelTypes = ["granite"] },
        ["granitemoe"] = Granite with { ModelTypes = ["granitemoe", "granitemoeshared"] },
        ["command-r"] = Cohere with { ModelTypes = ["cohere"] },
        ["cohere2"] = Cohere with { GlobalEvery = 4, GlobalWithoutRope = true, ModelTypes = ["cohere2"] },
        ["chatglm"] = new() { InterleavedRope = true, ModelTypes = ["glm"] },
        ["glm4"] = new() { InterleavedRope = true, ModelTypes = ["glm4"] },
        ["glm4moe"] = new() { FeedForwardNormIsPostAttention = true, ModelTypes = ["glm4_moe"] },
        ["dots1"] = new() { ModelTypes = ["dots1"] },
        ["minimax-m2"] = new() { ModelTypes = ["minimax_m2"] },
        ["ernie4_5"] = new() { InterleavedRope = true, ModelTypes = ["ernie4_5"] },
        ["ernie4_5-moe"] = new() { InterleavedRope = true, ModelTypes = ["ernie4_5_moe"] },
        ["hunyuan-dense"] = new() { QkNormAfterRope = true, ModelTypes = ["hunyuan_v1_dense"] },
        ["exaone4"] = new() { GlobalEvery = 4, GlobalWithoutRope = true, ModelTypes = ["exaone4"] },
        ["arcee"] = new() { InterleavedRope = true, ReordersHeads = true, Activation = ActivationKind.ReluSquared, ModelTypes = ["arcee"] },
        ["nemotron"] = new() { Norm = NormKind.LayerNorm, Activation = ActivationKind.ReluSquared, ModelTypes = ["nemotron"] },
        ["bert"] = Bert with { Position = PositionKind.Learned, ModelTypes = ["bert", "roberta", "xlm-roberta", "camembert"] },
        ["jina-bert-v2"] = Bert with { Position = PositionKind.Alibi, ModelTypes = ["jina_bert"] },
        ["nomic-bert"] = Bert with { Activation = ActivationKind.Silu, ModelTypes = ["nomic_bert"] },
        ["modern-bert"] = new()
        {
            IsEncoder = true,
            Norm = NormKind.LayerNormNoBias,
            Activation = ActivationKind.Gelu,
            GlobalEvery = 3,
            GlobalFirst = true,
            LocalRopeTheta = 10000,
            ModelTypes = ["modernbert"],
        },
        ["gpt2"] = new()
        {
            Norm = NormKind.LayerNorm,
            Activation = ActivationKind.GeluTanh,
            Position = PositionKind.Learned,
            FusedQkv = true,
            ModelTypes = ["gpt2"],
        },
        ["gptneox"] = new()
        {
            Norm = NormKind.LayerNorm,
            Activation = ActivationKind.Gelu,
            ParallelBlocks = true,
            FusedQkv = true,
            ModelTypes = ["gpt_neox"],
        },
        ["falcon"] = new()
        {
            Norm = NormKind.LayerNorm,
            Activation = ActivationKind.Gelu,
            ParallelBlocks = true,
            SecondNormIsAttention = true,
            FusedQkv = true,
            ModelTypes = ["falcon"],
        },
    };

    /// <summary>Names of all known architectures.</summary>
    public static IReadOnlyCollection<string> Known => ByName.Keys;

    /// <summary>The family of a <c>general.architecture</c>, or null.</summary>
    public static GgufFamily? Find(string architecture) => ByName.GetValueOrDefault(architecture);

    /// <summary>The <c>general.architecture</c> that a Hugging Face <c>model_type</c> is written as, or null.</summary>
    public static string? ArchitectureOf(string modelType) =>
        ByName.FirstOrDefault(family => family.Value.ModelTypes.Contains(modelType, StringComparer.Ordinal)).Key;
}
