using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Operators;

/// <summary>
/// Compressed attention (DeepSeek-V4): a window of whole vectors and, behind it, one pooled vector for every r tokens.
/// The step from one pooled vector to the next is smoothed: c tokens of context count as c / r vectors. Everything but
/// the heads is replicated over the tensor-parallel group.
/// </summary>
internal static class CompressedAttentionOperators
{
    public static void Add(OperatorList list, CompressedAttentionMixer mixer)
    {
        DeploymentProfile profile = list.Profile;
        int hidden = profile.Architecture.HiddenSize;
        double heads = DeploymentProfile.Part(mixer.Heads, profile.Tensor);
        double queries = heads * mixer.HeadDim;
        double down = mixer.QueryRank + mixer.HeadDim;
        list.Matrix(
            "latent_down_projection",
            OperatorGroup.AttentionProjection,
            hidden,
            0,
            (WeightKind.LatentDown, mixer.HeadDim),
            (WeightKind.QueryDown, mixer.QueryRank));
        list.Matrix("query_up_projection", OperatorGroup.AttentionProjection, WeightKind.QueryUp, mixer.QueryRank, queries);
        list.Adapters("lora_qkv", LoraTargets.QueryKeyValue, hidden, down);
        RotaryAndCacheWrite(list, mixer, heads, down);
        Compress(list, mixer, mixer.HeadDim, "compress_keys");
        if (mixer.IndexTopK > 0)
        {
            Indexer(list, mixer, hidden);
        }

        Kernels(list, mixer, heads, StepPhase.Prefill);
        Kernels(list, mixer, heads, StepPhase.Decode);
        double grouped = DeploymentProfile.Part(mixer.OutputGroups, profile.Tensor) * mixer.OutputRank;
        GroupedProjection(list, queries, mixer.OutputRank, grouped);
        list.Matrix("output_projection", OperatorGroup.AttentionProjection, WeightKind.AttentionOutput, grouped, hidden);
        list.Adapters("lora_output", LoraTargets.Output, grouped, hidden);
    }

    private static void RotaryAndCacheWrite(OperatorList list, CompressedAttentionMixer mixer, double heads, double down)
    {
        double queries = heads * mixer.HeadDim;
        list.Add(new()
        {
            Name = "rope_kv_write",
            Group = OperatorGroup.Attention,
            Flops = new()
            {
                PerToken = (3 * (heads + 1) * mixer.RopeHeadDim) + (4 * down)
                    + AttentionOperators.CompressionFlops(list.Profile, mixer.CompressionRatio == 0 ? mixer.HeadDim : 0),
            },
            Weights = new() { Fixed = list.Bytes(WeightKind.Norm, down) },
            KvWrite = new() { PerToken = mixer.HeadDim * list.Profile.KvBytes },
            ActivationRead = new() { PerToken = (queries + down) * list.Activation },
            ActivationWrite = new() { PerToken = queries * list.Activation },
            ResidentBytes = list.Bytes(WeightKind.Norm, down),
            ResidentElements = down,
            Part = WeightPart.Norms,
        });
    }

    // Values and gates of every token, and of each stretch of r tokens (twice as wide where stretches overlap) one pooled vector.
    private static void Compress(OperatorList list, CompressedAttentionMixer mixer, int width, string name)
    {
        if (mixer.CompressionRatio == 0)
        {
            return;
        }

        double hidden = list.Profile.Architecture.HiddenSize;
        double pooled = mixer.OverlappingCompression ? 2 * width : width;
        double vectors = (mixer.CompressionRatio * pooled) + width;
        double matrix = 2 * hidden * pooled;
        list.Add(new()
        {
            Name = name,
            Group = OperatorGroup.AttentionProjection,
            Rate = RateClass.Matrix,
            Flops = new()
            {
                PerToken = (2 * matrix) + (6 * pooled)
                    + AttentionOperators.CompressionFlops(list.Profile, (double)width / mixer.CompressionRatio),
            },
            Product = list.Product(WeightKind.Indexer),
            Weights = new() { Fixed = list.Bytes(WeightKind.Indexer, matrix) + list.Bytes(WeightKind.Vector, vectors) },
            KvWrite = new() { PerToken = width * list.Profile.KvBytes / mixer.CompressionRatio },
            ActivationRead = new() { PerToken = hidden * list.Activation },
            ActivationWrite = new() { PerToken = 2 * pooled * list.Activation },
            ResidentBytes = list.Bytes(WeightKind.Indexer, matrix) + list.Bytes(WeightKind.Vector, vectors),
            ResidentElements = matrix + vectors,
            Part = WeightPart.Attention,
        });
    }

    private static void Kernels(OperatorList list, CompressedAttentionMixer mixer, double heads, StepPhase phase)
    {
        string suffix = phase == StepPhase.Prefill ? "_prefill" : "_decode";
        double sinks = list.Bytes(WeightKind.Vector, heads);
        (double turn, double extra) = AttentionOperators.QueryFlops(list.Profile, heads * mixer.HeadDim);
        OperatorTemplate window = new()
        {
            Name = "attention" + suffix,
            Group = OperatorGroup.Attention,
            Rate = RateClass.Attention,
            Phase = phase,
            Span = list.Tables.Span(new(mixer.WindowTokens, 0, 0)),
            Flops = new()
            {
                PerToken = turn,
                PerPair = (4 * heads * mixer.HeadDim) + extra,
                PerRead = AttentionOperators.ReconstructionFlops(list.Profile, mixer.CompressionRatio == 0 ? mixer.HeadDim : 0),
            },
            Weights = new() { Fixed = sinks },
            KvRead = new() { PerRead = mixer.HeadDim * list.Profile.KvBytes },
            ActivationRead = new() { PerToken = heads * mixer.HeadDim * list.Activation },
            ActivationWrite = new() { PerToken = heads * mixer.HeadDim * list.Activation },
            ResidentBytes = phase == StepPhase.Prefill ? sinks : 0,
            ResidentElements = phase == StepPhase.Prefill ? heads : 0,
            Part = WeightPart.Norms,
        };
        list.Add(window);
        if (mixer.CompressionRatio > 0)
        {
            double share = 1.0 / mixer.CompressionRatio;
            list.Add(window with
            {
                Name = "attention_compressed" + suffix,
                Span = list.Tables.Span(new(0, 0, mixer.IndexTopK * mixer.CompressionRatio)),
                Flops = new()
                {
                    PerPair = 4 * heads * mixer.HeadDim * share,
                    PerRead = AttentionOperators.ReconstructionFlops(list.Profile, mixer.HeadDim * share),
                },
                Weights = default,
                KvRead = new() { PerRead = mixer.HeadDim * share * list.Profile.KvBytes },
                ResidentBytes = 0,
                ResidentElements = 0,
            });
        }
    }

    private static void Indexer(OperatorList list, CompressedAttentionMixer mixer, int hidden)
    {
        double queries = mixer.IndexHeads * mixer.IndexHeadDim;
        list.Matrix("index_query_projection", OperatorGroup.AttentionProjection, WeightKind.Indexer, mixer.QueryRank, queries);
        list.Matrix("index_weights", OperatorGroup.AttentionProjection, WeightKind.Indexer, hidden, mixer.IndexHeads);
        Compress(list, mixer, mixer.IndexHeadDim, "compress_index_keys");
        IndexKernel(list, mixer, StepPhase.Prefill);
        IndexKernel(list, mixer, StepPhase.Decode);
    }

    private static void IndexKernel(OperatorList list, CompressedAttentionMixer mixer, StepPhase phase)
    {
        double share = 1.0 / Math.Max(1, mixer.CompressionRatio);
        double queries = mixer.IndexHeads * mixer.IndexHeadDim;
        list.Add(new()
        {
            Name = phase == StepPhase.Prefill ? "index_scores_prefill" : "index_scores_decode",
            Group = OperatorGroup.Attention,
            Rate = RateClass.Attention,
            Phase = phase,
            Span = list.Tables.Span(default),
            Flops = new()
            {
                PerPair = 2 * queries * share,
                PerRead = AttentionOperators.ReconstructionFlops(list.Profile, mixer.IndexHeadDim * share),
            },
            KvRead = new() { PerRead = mixer.IndexHeadDim * share * list.Profile.KvBytes },
            ActivationRead = new() { PerToken = (queries + mixer.IndexHeads) * list.Activation },
            ActivationWrite = new() { PerPair = share * list.Activation },
        });
    }

    // Every group of heads has its own matrix down to the rank: together heads x head width x rank elements.
    private static void GroupedProjection(OperatorList list, double queries, double rank, double grouped)
    {
        double bytes = list.Bytes(WeightKind.AttentionOutput, queries * rank);
        list.Add(new()
        {
            Name = "grouped_output_projection",
            Group = OperatorGroup.AttentionProjection,
            Rate = RateClass.Matrix,
            Flops = new() { PerToken = 2 * queries * rank },
            Weights = new() { Fixed = bytes },
            ActivationRead = new() { PerToken = queries * list.Activation },
            ActivationWrite = new() { PerToken = grouped * list.Activation },
            Product = list.Product(WeightKind.AttentionOutput),
            ResidentBytes = bytes,
            ResidentElements = queries * rank,
            Part = WeightPart.Attention,
        });
    }
}
