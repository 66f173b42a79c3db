using Inferometer.Core.Models;

namespace Inferometer.Core.Gguf;

/// <summary>What a GGUF architecture fixes outside its metadata and tensor shapes.</summary>
internal sealed record GgufFamily
{
    public NormKind Norm { get; init; } = NormKind.RmsNorm;

    public ActivationKind Activation { get; init; } = ActivationKind.Silu;

    public PositionKind Position { get; init; } = PositionKind.Rotary;

    /// <summary>Queries and keys are stored so that adjacent channels rotate together.</summary>
    public bool InterleavedRope { get; init; }

    public bool ScaledEmbedding { get; init; }

    public bool ParallelBlocks { get; init; }

    /// <summary>Every n-th layer is global where a window is given; 0 = all local.</summary>
    public int GlobalEvery { get; init; }

    /// <summary>Base of local layers, 0 = as the global ones.</summary>
    public double LocalRopeTheta { get; init; }

    public bool NormalizeTopK { get; init; } = true;
}

/// <summary>The GGUF architectures that are known. Norm weights of Gemma are stored with the one already added.</summary>
internal static class GgufFamilies
{
    private static readonly GgufFamily Gemma = new() { Activation = ActivationKind.GeluTanh, ScaledEmbedding = true };

    private static readonly Dictionary<string, GgufFamily> ByName = new(StringComparer.Ordinal)
    {
        ["llama"] = new() { InterleavedRope = true },
        ["qwen2"] = new(),
        ["qwen2moe"] = new() { NormalizeTopK = false },
        ["qwen3"] = new(),
        ["qwen3moe"] = new(),
        ["phi3"] = new(),
        ["gemma"] = Gemma,
        ["gemma2"] = Gemma with { GlobalEvery = 2 },
        ["gemma3"] = Gemma with { GlobalEvery = 6, LocalRopeTheta = 10000 },
        ["deepseek2"] = new() { InterleavedRope = true, NormalizeTopK = false },
        ["gpt-oss"] = new() { Activation = ActivationKind.SwigluOss, GlobalEvery = 2 },
        ["gpt2"] = new() { Norm = NormKind.LayerNorm, Activation = ActivationKind.GeluTanh, Position = PositionKind.Learned },
        ["falcon"] = new() { Norm = NormKind.LayerNorm, Activation = ActivationKind.Gelu, ParallelBlocks = true },
    };

    public static IReadOnlyCollection<string> Known => ByName.Keys;

    public static GgufFamily? Find(string architecture) => ByName.GetValueOrDefault(architecture);
}
