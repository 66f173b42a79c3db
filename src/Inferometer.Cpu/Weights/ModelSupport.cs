using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.ModelFiles;

namespace Inferometer.Cpu.Weights;

/// <summary>Tells whether the engine can run an architecture, and if not, what it lacks.</summary>
public static class ModelSupport
{
    // Families whose forward pass was compared with a reference: knowing how many parameters a network has is not knowing what it does
    // with them. GGUF architectures that models are written as come beside them.
    private static readonly string[] ModelTypes =
    [
        .. GgufFamilies.Known.SelectMany(name => GgufFamilies.Find(name)!.ModelTypes), "gptj",
    ];

    private static readonly HashSet<string> Families =
        [.. ModelTypes, .. GgufFamilies.Known.Where(name => GgufFamilies.Find(name)!.ModelTypes.Count > 0)];

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

    /// <summary>Throws where a network has no head that gives logits of tokens, so that no text can be made with it.</summary>
    /// <exception cref="InferometerException">Names what the model is and what it gives instead.</exception>
    public static void RequireHead(ModelArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        if (!architecture.HasHead)
        {
            // The name alone: the message may go to whoever asked over HTTP.
            throw new InferometerException(
                $"{architecture.Name}: the model ('{architecture.ModelType}') is {KindOf(architecture)}: it gives vectors of texts "
                    + "(embeddings) and, with a classification head, scores (rerank), but writes no text.");
        }
    }

    /// <summary>What a model without a head for tokens is, in words; what others are, too.</summary>
    public static string KindOf(ModelArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return architecture.IsEncoder ? "an encoder" : architecture.HasHead ? "a decoder" : "a decoder without a head for tokens";
    }

    /// <summary>Why the engine cannot run a network, in a sentence or two; null when it can.</summary>
    public static string? Explain(ModelArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return Missing(architecture) is { } missing
            ? $"the engine cannot run this model ('{architecture.ModelType}'): it has no {missing}. "
                + $"It runs {string.Join(", ", ModelTypes.Order(StringComparer.Ordinal))}."
            : null;
    }

    private static string? Missing(ModelArchitecture architecture)
    {
        if (!Families.Contains(architecture.ModelType))
        {
            return "forward pass for this family";
        }

        if (architecture.Position is not (PositionKind.Rotary or PositionKind.Learned)
            && !(architecture is { Position: PositionKind.Alibi, IsEncoder: true })
            && architecture.Layers.Any(layer => layer.Mixer is AttentionMixer or LatentAttentionMixer))
        {
            return $"positions of the kind {architecture.Position}";
        }

        if (architecture is { NormAfterResidual: true, ParallelBlocks: true })
        {
            return "norms behind the residual addition of blocks side by side";
        }

        if (architecture.IsEncoder && MissingOfEncoder(architecture) is { } ofEncoder)
        {
            return ofEncoder;
        }

        if (architecture.EmbeddingProjectionSize != 0)
        {
            return "projection of the embedding";
        }

        if (architecture.ResidualStreams != 1)
        {
            return "parallel residual streams";
        }

        if (architecture.Layers.FirstOrDefault(layer => layer.ReusesWeights || layer.ParallelMixer is not null) is not null)
        {
            return "layers that run others again or two mixers side by side";
        }

        if (architecture.Layers.SelectMany(layer => layer.Parts).FirstOrDefault(part => !Learned(architecture, part)) is { } layerPart)
        {
            return layerPart.Name;
        }

        // A recurrence may be all of a layer (Mamba-2 alone).
        return architecture.Layers.Distinct()
            .Select(layer => Missing(layer.Mixer)
                ?? (layer is { FeedForward: null, Mixer: MambaMixer } && !architecture.ParallelBlocks ? null : Missing(layer.FeedForward)))
            .FirstOrDefault(what => what is not null);
    }

    // Pages are those of one layer after the other, so that they must be alike.
    private static string? MissingOfEncoder(ModelArchitecture architecture)
    {
        AttentionMixer[] mixers = [.. architecture.Layers.Select(layer => layer.Mixer).OfType<AttentionMixer>()];
        return mixers.Length < architecture.LayerCount ? "encoder whose layers are not all attention"
            : mixers.Select(mixer => (mixer.Heads, mixer.KvHeads, mixer.HeadDim)).Distinct().Count() > 1
                ? "encoder with heads of several widths"
            : Array.Exists(mixers, mixer => mixer.ChunkTokens > 0 || mixer.ReusesCache) ? "encoder with stretches or shared caches"
            : architecture.Position == PositionKind.Alibi && Array.Exists(mixers, mixer => mixer.QkNorm != QkNormKind.None)
                ? "norms on queries and keys beside biases by distance"
            : null;
    }

    // What a layer has beside its blocks and is run: the slopes of xIELU, and what Gemma 3n and 4 hang on it.
    private static bool Learned(ModelArchitecture architecture, SidePart part) => part.Use == SidePartUse.Idle
        || (part.Use == SidePartUse.Applied && architecture.ModelType is "apertus")
        || (architecture.LayerInputs is not null && part.Name is "per-layer input")
        || (architecture.Updates is not null && part.Name is "alternating updates" or "low-rank residual");

    private static string? Missing(TokenMixer? mixer) => mixer switch
    {
        LatentAttentionMixer { IndexTopK: > 0 } => "sparse attention that an indexer chooses",
        LatentAttentionMixer { OutputGate: true } => "gates on latent attention",
        LatentAttentionMixer { AttentionSink: true } => "sinks of latent attention",
        LatentAttentionMixer { Rope: null } => "latent attention without rotary positions",
        LatentAttentionMixer => null,
        CompressedAttentionMixer => "attention over a compressed cache",
        GatedDeltaMixer { KeyHeads: var keys, ValueHeads: var values } when values % keys != 0 =>
            $"way to share {keys} key heads among {values} value heads",
        MambaMixer { Heads: var heads, Groups: var groups } when heads % groups != 0 => $"way to sort {heads} heads into {groups} groups",
        GatedDeltaMixer or MambaMixer => null,
        RecurrentMixer { Kind: "short convolution" } => null,
        RecurrentMixer recurrent => $"layers of the kind {recurrent.Kind}",
        null => "layers without attention",
        AttentionMixer { HeadGate: true } => "gates on attention heads",
        AttentionMixer { InputSize: > 0 } => "attention over another width than the residual stream's",
        AttentionMixer { ValueScale: not 1 } => "factor on the values",
        AttentionMixer { KvHeads: var kv, Heads: var heads } when kv <= 0 || heads % kv != 0 =>
            $"way to share {kv} key/value heads among {heads} query heads",
        AttentionMixer attention when attention.HeadDim != attention.ValueHeadDim => "value heads of another width than the keys",
        AttentionMixer => null,
        _ => mixer.GetType().Name,
    };

    private static string? Missing(FeedForward? feedForward) => feedForward switch
    {
        null => "layers without a feed-forward part",
        DenseFeedForward { Activation: ActivationKind.SwigluOss, Gated: false } => "clamped SwiGLU without a gate",
        DenseFeedForward { Activation: ActivationKind.XIelu, Gated: true } or MoeFeedForward { Activation: ActivationKind.XIelu } =>
            "xIELU in gated networks",
        MoeFeedForward { HashRouting: true } => "experts chosen by a table",
        MoeFeedForward { ExpertInputSize: > 0 } => "experts of another width than the residual stream's",
        MoeFeedForward { RouterInputSize: > 0 } => "routers of another width than the residual stream's",
        MoeFeedForward { RouterRows: > 0 } => "routers that score more than the experts",
        MoeFeedForward { ParallelDenseIntermediateSize: > 0, ParallelDenseNorms: false } => "dense network beside the experts",
        MoeFeedForward { RouterGroups: > 1 } moe when moe.Experts % moe.RouterGroups != 0 || moe.RouterGroupsPerToken > moe.RouterGroups =>
            $"way to sort {moe.Experts} experts into {moe.RouterGroups} groups of which {moe.RouterGroupsPerToken} are taken",
        _ => null,
    };
}
