using System.Runtime.InteropServices;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Operators;

/// <summary>Softmax attention with its own keys and values.</summary>
internal static class AttentionOperators
{
    public static void Add(OperatorList list, AttentionMixer mixer)
    {
        DeploymentProfile profile = list.Profile;
        int hidden = profile.Architecture.HiddenSize;
        Sizes s = Sizes.Of(mixer, profile.Tensor);
        double keysAndValues = mixer.ReusesCache ? 0 : s.Keys + (mixer.ValuesAreKeys ? 0 : s.Values);
        double projected = s.Queries + keysAndValues + (mixer.OutputGate ? s.Output : 0) + (mixer.HeadGate ? s.Heads : 0);
        double biases = mixer.QkvBias ? projected : 0;
        double input = mixer.InputSize > 0 ? mixer.InputSize : hidden;
        list.Matrix(
            "qkv_projection",
            OperatorGroup.AttentionProjection,
            input,
            biases,
            (WeightKind.Query, s.Queries),
            (WeightKind.Key, mixer.ReusesCache ? 0 : s.Keys),
            (WeightKind.Value, mixer.ReusesCache || mixer.ValuesAreKeys ? 0 : s.Values),
            (WeightKind.AttentionGate, (mixer.OutputGate ? s.Output : 0) + (mixer.HeadGate ? s.Heads : 0)));
        int parts = 1 + (mixer.ReusesCache ? 0 : mixer.ValuesAreKeys ? 1 : 2) + (mixer.HeadGate ? 1 : 0);
        list.Adapters("lora_qkv", LoraTargets.QueryKeyValue, input, projected, parts);
        RotaryAndCacheWrite(list, mixer, s);
        int span = list.Tables.Span(new(mixer.WindowTokens, mixer.ChunkTokens, 0));
        Kernel kernel = new(span, s, mixer.OutputGate, mixer.AttentionSink ? s.Heads : 0);
        AddKernel(list, kernel, StepPhase.Prefill);
        AddKernel(list, kernel, StepPhase.Decode);
        list.Matrix(
            "output_projection",
            OperatorGroup.AttentionProjection,
            WeightKind.AttentionOutput,
            s.Output,
            hidden,
            mixer.OutputBias ? hidden : 0);
        list.Adapters("lora_output", LoraTargets.Output, s.Output, hidden);
    }

    // One kernel rotates queries and keys, norms them where the model does, and files keys and values into the cache.
    private static void RotaryAndCacheWrite(OperatorList list, AttentionMixer mixer, in Sizes s)
    {
        double keys = mixer.ReusesCache ? 0 : s.Keys;
        double cached = mixer.ReusesCache ? 0 : s.Keys + s.Values;
        double heads = s.Heads + (mixer.ReusesCache ? 0 : s.KvHeads);
        double rotated = mixer.Rope is { } rope ? heads * (rope.RotaryDim > 0 ? rope.RotaryDim : mixer.HeadDim) : 0;
        double normed = mixer.QkNorm == QkNormKind.None ? 0 : s.Queries + keys;
        double parameters = mixer.QkNorm switch
        {
            QkNormKind.PerHead => (mixer.ReusesCache ? 1 : 2) * mixer.HeadDim,
            QkNormKind.PerHeadLayerNorm => 4 * mixer.HeadDim,
            QkNormKind.FullWidth or QkNormKind.EachHead => s.Queries + keys,
            _ => 0,
        };
        list.Add(new()
        {
            Name = "rope_kv_write",
            Group = OperatorGroup.Attention,
            Flops = new() { PerToken = (3 * rotated) + (4 * normed) + CompressionFlops(list.Profile, cached) },
            Weights = new() { Fixed = list.Bytes(WeightKind.Norm, parameters) },
            KvWrite = new() { PerToken = cached * list.Profile.KvBytes },
            ActivationRead = new() { PerToken = (s.Queries + cached) * list.Activation },
            ActivationWrite = new() { PerToken = s.Queries * list.Activation },
            ResidentBytes = list.Bytes(WeightKind.Norm, parameters),
            ResidentElements = parameters,
            Part = WeightPart.Norms,
        });
    }

    private static void AddKernel(OperatorList list, in Kernel kernel, StepPhase phase)
    {
        string suffix = phase == StepPhase.Prefill ? "_prefill" : "_decode";
        DeploymentProfile profile = list.Profile;
        Sizes s = kernel.Sizes;
        double rebuild = ReconstructionFlops(profile, s.Keys + s.Values);
        (double turn, double extra) = QueryFlops(profile, s.Queries + s.Output);
        OperatorTemplate template = new()
        {
            Name = "attention" + suffix,
            Group = OperatorGroup.Attention,
            Rate = RateClass.Attention,
            Phase = phase,
            Span = kernel.Span,
            Flops = new() { PerPair = (2 * (s.ScoreWidth + s.Output)) + extra, PerRead = rebuild, PerToken = turn },
            Weights = new() { Fixed = list.Bytes(WeightKind.Vector, kernel.Sinks) },
            KvRead = new() { PerRead = (s.Keys + s.Values) * profile.KvBytes },
            ActivationRead = new() { PerToken = (s.Queries + (kernel.Gated ? s.Output : 0)) * list.Activation },
            ActivationWrite = new() { PerToken = s.Output * list.Activation },
            ResidentBytes = phase == StepPhase.Prefill ? list.Bytes(WeightKind.Vector, kernel.Sinks) : 0,
            ResidentElements = phase == StepPhase.Prefill ? kernel.Sinks : 0,
            Part = WeightPart.Norms,
        };
        if (profile.Request.FlashAttention)
        {
            list.Add(template with { IsTiled = true });
            return;
        }

        double scores = s.Heads * list.Activation;
        list.Add(template with
        {
            Name = "attention_scores" + suffix,
            Flops = new() { PerPair = 2 * s.ScoreWidth, PerRead = rebuild, PerToken = turn },
            Weights = default,
            KvRead = new() { PerRead = s.Keys * profile.KvBytes },
            ActivationRead = new() { PerToken = s.Queries * list.Activation },
            ActivationWrite = new() { PerPair = scores },
        });
        list.Add(template with
        {
            Name = "attention_softmax" + suffix,
            Rate = RateClass.Vector,
            Flops = new() { PerPair = 5 * s.Heads },
            KvRead = default,
            ActivationRead = new() { PerPair = scores },
            ActivationWrite = new() { PerPair = scores },
            ResidentBytes = 0,
            ResidentElements = 0,
        });
        list.Add(template with
        {
            Name = "attention_values" + suffix,
            Flops = new() { PerPair = (2 * s.Output) + extra },
            Weights = default,
            KvRead = new() { PerRead = s.Values * profile.KvBytes },
            ActivationRead = new() { PerToken = kernel.Gated ? s.Output * list.Activation : 0, PerPair = scores },
            ActivationWrite = new() { PerToken = s.Output * list.Activation },
            ResidentBytes = 0,
            ResidentElements = 0,
        });
    }

    /// <summary>
    /// FLOPs per cached token read to undo KV compression in one layer: the model's total, shared out by cached elements.
    /// </summary>
    public static double ReconstructionFlops(DeploymentProfile profile, double localElements) =>
        profile.Request.KvCompression is { ReconstructionFlopsPerToken: > 0 and var total }
            ? total * CacheShare(profile, localElements)
            : 0;

    /// <summary>FLOPs per new token to compress it in one layer, shared out likewise.</summary>
    public static double CompressionFlops(DeploymentProfile profile, double localElements) =>
        profile.Request.KvCompression is { WriteFlopsPerToken: > 0 and var total } ? total * CacheShare(profile, localElements) : 0;

    /// <summary>
    /// FLOPs that KV compression adds in one layer per query token and per pair: the model's totals, shared out by the widths of queries
    /// and mixed values.
    /// </summary>
    public static (double PerToken, double PerPair) QueryFlops(DeploymentProfile profile, double localQueries)
    {
        if (profile.Request.KvCompression is not { } compression || (compression.QueryFlopsPerToken == 0 && compression.PairFlops == 0))
        {
            return (0, 0);
        }

        double share = localQueries / profile.Architecture.Layers.Sum(layer => QueryElements(layer.Mixer));
        return (share * compression.QueryFlopsPerToken, share * compression.PairFlops);
    }

    private static double CacheShare(DeploymentProfile profile, double localElements) =>
        localElements == 0 ? 0 : localElements / profile.Architecture.Layers.Sum(layer => DeploymentProfile.CachedElements(layer.Mixer));

    private static double QueryElements(TokenMixer? mixer) => mixer switch
    {
        AttentionMixer attention => attention.Heads * (attention.HeadDim + attention.ValueHeadDim),
        LatentAttentionMixer latent => latent.Heads * (latent.KvRank + latent.RopeHeadDim),
        CompressedAttentionMixer pooled => pooled.Heads * pooled.HeadDim,
        _ => 0,
    };

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Kernel(int Span, Sizes Sizes, bool Gated, double Sinks);

    /// <summary>Elements per token on one device; KV heads are replicated when there are fewer of them than devices.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Sizes(double Heads, double KvHeads, double Queries, double Keys, double Values, double Output)
    {
        public double ScoreWidth => Queries;

        public static Sizes Of(AttentionMixer mixer, int tensor)
        {
            double heads = DeploymentProfile.Part(mixer.Heads, tensor);
            double kvHeads = DeploymentProfile.Part(mixer.KvHeads, tensor);
            return new(
                heads, kvHeads, heads * mixer.HeadDim, kvHeads * mixer.HeadDim, kvHeads * mixer.ValueHeadDim, heads * mixer.ValueHeadDim);
        }
    }
}
