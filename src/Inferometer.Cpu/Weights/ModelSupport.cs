using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.ModelFiles;

namespace Inferometer.Cpu.Weights;

/// <summary>Tells whether the engine can run an architecture, and if not, what it lacks.</summary>
public static class ModelSupport
{
    private static readonly string[] Families =
    [
        "llama", "mistral", "mixtral", "qwen2", "qwen2_moe", "qwen2moe", "qwen3", "qwen3_moe", "qwen3moe",
        "gemma", "gemma2", "gemma3", "gemma3_text", "phi3",
    ];

    /// <summary>Throws when the network holds a part the engine has no code for.</summary>
    /// <exception cref="InferometerException">Names the part and the families that run.</exception>
    public static void Require(ModelArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        if (Explain(architecture) is { } reason)
        {
            throw new InferometerException($"{architecture.Source ?? architecture.Name}: {reason}");
        }
    }

    /// <summary>
    /// Throws where loading a model would, without reading its weights: besides <see cref="Require(ModelArchitecture)"/>, every tensor must
    /// be there, with the right shape and in a format that can be decoded. Weights that are not finite are only found by loading.
    /// </summary>
    /// <param name="checkpoint">The model's files; they stay open.</param>
    /// <exception cref="InferometerException">Names what is wrong.</exception>
    public static void Require(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        Require(checkpoint.Architecture);
        ModelLoader.Check(checkpoint);
    }

    /// <summary>Why the engine cannot run a network, in a sentence or two; null when it can.</summary>
    public static string? Explain(ModelArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return Missing(architecture) is { } missing
            ? $"the engine cannot run this model ('{architecture.ModelType}'): it has no {missing}. "
                + "It runs llama, mistral, mixtral, qwen2, qwen3, their mixtures of experts, gemma 1 to 3 and phi-3."
            : null;
    }

    private static string? Missing(ModelArchitecture architecture)
    {
        if (!Families.Contains(architecture.ModelType, StringComparer.Ordinal))
        {
            return "forward pass for this family";
        }

        if (architecture.Position != PositionKind.Rotary)
        {
            return $"positions of the kind {architecture.Position}";
        }

        if (architecture.Norm is not (NormKind.RmsNorm or NormKind.RmsNormPlusOne))
        {
            return $"norm of the kind {architecture.Norm}";
        }

        if (architecture.ParallelBlocks || architecture.PreBlockNorms != 2)
        {
            return "parallel attention and feed-forward blocks";
        }

        if (architecture.EmbeddingProjectionSize != 0)
        {
            return "projection of the embedding";
        }

        return architecture.Layers.Distinct().Select(layer => Missing(layer.Mixer) ?? Missing(layer.FeedForward))
            .FirstOrDefault(what => what is not null);
    }

    private static string? Missing(TokenMixer? mixer) => mixer switch
    {
        LatentAttentionMixer => "multi-head latent attention",
        GatedDeltaMixer => "gated delta-rule attention",
        MambaMixer => "Mamba layers",
        null => "layers without attention",
        AttentionMixer { AttentionSink: true } => "attention sinks",
        AttentionMixer { OutputGate: true } => "gated attention outputs",
        AttentionMixer { ChunkTokens: > 0 } => "chunked attention",
        AttentionMixer { ValuesAreKeys: true } => "attention whose values are its keys",
        AttentionMixer { QkNorm: QkNormKind.FullWidth or QkNormKind.NonParametric } attention =>
            $"query and key norm of the kind {attention.QkNorm}",
        AttentionMixer { KvHeads: var kv, Heads: var heads } when kv <= 0 || heads % kv != 0 =>
            $"way to share {kv} key/value heads among {heads} query heads",
        AttentionMixer attention when attention.HeadDim != attention.ValueHeadDim => "value heads of another width than the keys",
        AttentionMixer => null,
        _ => mixer.GetType().Name,
    };

    private static string? Missing(FeedForward? feedForward) => feedForward switch
    {
        null => "layers without a feed-forward part",
        DenseFeedForward { Activation: ActivationKind.SwigluOss } or MoeFeedForward { Activation: ActivationKind.SwigluOss } =>
            "clamped SwiGLU",
        DenseFeedForward { Gated: false } or MoeFeedForward { Gated: false } => "feed-forward networks without a gate",
        MoeFeedForward { ExpertBias: true } => "biased experts",
        MoeFeedForward { RouterBias: true } => "biased routers",
        MoeFeedForward { SigmoidRouter: true } => "sigmoid routers",
        MoeFeedForward { ParallelDenseIntermediateSize: > 0 } => "dense network beside the experts",
        _ => null,
    };
}
