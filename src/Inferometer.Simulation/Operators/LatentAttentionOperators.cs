using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Operators;

/// <summary>
/// Multi-head latent attention. Decode absorbs the up-projections into queries and outputs and attends on the cached
/// latent itself; prefill expands the latent to keys and values. With sparse attention (DSA) both phases run absorbed, as
/// a query's selected tokens are its own. The latent is shared by all heads, so every tensor-parallel device holds all of it.
/// </summary>
internal static class LatentAttentionOperators
{
    public static void Add(OperatorList list, LatentAttentionMixer mixer)
    {
        int hidden = list.Profile.Architecture.HiddenSize;
        int heads = DeploymentProfile.Part(mixer.Heads, list.Profile.Tensor);
        double latent = mixer.KvRank + mixer.RopeHeadDim;
        double queries = heads * (mixer.NopeHeadDim + mixer.RopeHeadDim);
        double down = mixer.QueryRank + latent;
        list.Matrix(
            "latent_down_projection",
            OperatorGroup.AttentionProjection,
            hidden,
            mixer.Bias ? down : 0,
            (WeightKind.LatentDown, latent),
            (WeightKind.QueryDown, mixer.QueryRank));
        list.Matrix(
            "query_up_projection",
            OperatorGroup.AttentionProjection,
            WeightKind.QueryUp,
            mixer.QueryRank > 0 ? mixer.QueryRank : hidden,
            queries);
        list.Adapters("lora_qkv", LoraTargets.QueryKeyValue, hidden, down, mixer.QueryRank > 0 ? 2 : 1);
        double norms = mixer.QueryRank + mixer.KvRank;
        list.Add(new()
        {
            Name = "rope_kv_write",
            Group = OperatorGroup.Attention,
            Flops = new()
            {
                PerToken = (3 * (heads + 1) * mixer.RopeHeadDim) + (4 * norms) + AttentionOperators.CompressionFlops(list.Profile, latent),
            },
            Weights = new() { Fixed = list.Bytes(WeightKind.Norm, norms) },
            KvWrite = new() { PerToken = latent * list.Profile.KvBytes },
            ActivationRead = new() { PerToken = (queries + down) * list.Activation },
            ActivationWrite = new() { PerToken = queries * list.Activation },
            ResidentBytes = list.Bytes(WeightKind.Norm, norms),
            ResidentElements = norms,
            Part = WeightPart.Norms,
        });
        bool sparse = mixer.IndexTopK > 0;
        if (sparse && !mixer.ReusesIndex)
        {
            Indexer(list, mixer);
        }

        Absorbed(list, mixer, heads, sparse ? StepPhase.All : StepPhase.Decode);
        if (!sparse)
        {
            Expanded(list, mixer, heads);
        }

        double output = heads * mixer.ValueHeadDim;
        if (mixer.OutputGate)
        {
            list.Matrix("gate_projection", OperatorGroup.AttentionProjection, WeightKind.AttentionGate, hidden, output);
        }

        list.Matrix(
            "output_projection", OperatorGroup.AttentionProjection, WeightKind.AttentionOutput, output, hidden, mixer.Bias ? hidden : 0);
        list.Adapters("lora_output", LoraTargets.Output, output, hidden);
    }

    private static void Absorbed(OperatorList list, LatentAttentionMixer mixer, int heads, StepPhase phase)
    {
        Absorption(list, WeightKind.KeyUp, phase, heads, mixer.NopeHeadDim, mixer.KvRank);
        if (phase is StepPhase.All or StepPhase.Prefill)
        {
            AbsorbedKernel(list, mixer, heads, StepPhase.Prefill);
        }

        AbsorbedKernel(list, mixer, heads, StepPhase.Decode);
        Absorption(list, WeightKind.ValueUp, phase, heads, mixer.KvRank, mixer.ValueHeadDim);
    }

    private static void Absorption(OperatorList list, WeightKind kind, StepPhase phase, int heads, double inputs, double outputs)
    {
        double bytes = list.Bytes(kind, heads * inputs * outputs);
        list.Add(new()
        {
            Name = kind == WeightKind.KeyUp ? "absorb_keys" : "absorb_values",
            Group = OperatorGroup.AttentionProjection,
            Rate = RateClass.Matrix,
            Product = list.Product(kind),
            Phase = phase,
            Flops = new() { PerToken = 2 * heads * inputs * outputs },
            Weights = new() { Fixed = bytes },
            ActivationRead = new() { PerToken = heads * inputs * list.Activation },
            ActivationWrite = new() { PerToken = heads * outputs * list.Activation },
            ResidentBytes = bytes,
            ResidentElements = heads * inputs * outputs,
            Part = WeightPart.Attention,
        });
    }

    private static void AbsorbedKernel(OperatorList list, LatentAttentionMixer mixer, int heads, StepPhase phase)
    {
        double latent = mixer.KvRank + mixer.RopeHeadDim;
        (double turn, double extra) = AttentionOperators.QueryFlops(list.Profile, heads * latent);
        list.Add(new()
        {
            Name = phase == StepPhase.Prefill ? "attention_prefill" : "attention_decode",
            Group = OperatorGroup.Attention,
            Rate = RateClass.Attention,
            Phase = phase,
            Span = list.Tables.Span(new(0, 0, mixer.IndexTopK)),
            Flops = new()
            {
                PerToken = turn,
                PerPair = (2 * heads * (latent + mixer.KvRank)) + extra,
                PerRead = AttentionOperators.ReconstructionFlops(list.Profile, latent),
            },
            KvRead = new() { PerRead = latent * list.Profile.KvBytes },
            ActivationRead = new() { PerToken = heads * latent * list.Activation },
            ActivationWrite = new() { PerToken = heads * mixer.KvRank * list.Activation },
        });
    }

    private static void Expanded(OperatorList list, LatentAttentionMixer mixer, int heads)
    {
        double latent = mixer.KvRank + mixer.RopeHeadDim;
        double expanded = heads * (mixer.NopeHeadDim + mixer.ValueHeadDim);
        double queries = heads * (mixer.NopeHeadDim + mixer.RopeHeadDim);
        double output = heads * mixer.ValueHeadDim;
        int span = list.Tables.Span(default);
        list.Add(new()
        {
            Name = "expand_latent",
            Group = OperatorGroup.AttentionProjection,
            Rate = RateClass.Matrix,
            Phase = StepPhase.Prefill,
            Span = span,
            Flops = new() { PerRead = (2 * mixer.KvRank * expanded) + AttentionOperators.ReconstructionFlops(list.Profile, latent) },
            Product = list.Product(WeightKind.KeyUp),
            Weights = new()
            {
                Fixed = list.Bytes(WeightKind.KeyUp, (double)mixer.KvRank * heads * mixer.NopeHeadDim)
                    + list.Bytes(WeightKind.ValueUp, (double)mixer.KvRank * heads * mixer.ValueHeadDim),
            },
            KvRead = new() { PerRead = latent * list.Profile.KvBytes },
            ActivationWrite = new() { PerRead = (expanded + mixer.RopeHeadDim) * list.Activation },
        });
        list.Add(new()
        {
            Name = "attention_prefill",
            Group = OperatorGroup.Attention,
            Rate = RateClass.Attention,
            Phase = StepPhase.Prefill,
            Span = span,
            Flops = new() { PerPair = 2 * (queries + output) },
            ActivationRead = new() { PerToken = queries * list.Activation, PerRead = (expanded + mixer.RopeHeadDim) * list.Activation },
            ActivationWrite = new() { PerToken = output * list.Activation },
        });
    }

    // The indexer scores every cached token with a few light heads and keeps the best; it is replicated, not split.
    private static void Indexer(OperatorList list, LatentAttentionMixer mixer)
    {
        int hidden = list.Profile.Architecture.HiddenSize;
        double queries = mixer.IndexHeads * mixer.IndexHeadDim;
        double source = mixer.QueryRank > 0 ? mixer.QueryRank : hidden;
        list.Matrix("index_query_projection", OperatorGroup.AttentionProjection, WeightKind.Indexer, source, queries);
        list.Matrix(
            "index_key_projection", OperatorGroup.AttentionProjection, WeightKind.Indexer, hidden, mixer.IndexHeadDim + mixer.IndexHeads);
        list.Add(new()
        {
            Name = "index_key_write",
            Group = OperatorGroup.Attention,
            Flops = new()
            {
                PerToken = (3 * (mixer.IndexHeads + 1) * mixer.RopeHeadDim) + (5 * mixer.IndexHeadDim),
            },
            Weights = new() { Fixed = list.Bytes(WeightKind.Norm, 2 * mixer.IndexHeadDim) },
            KvWrite = new() { PerToken = DeploymentProfile.IndexKeyBytes(mixer) },
            ActivationRead = new() { PerToken = (queries + mixer.IndexHeadDim) * list.Activation },
            ActivationWrite = new() { PerToken = queries * list.Activation },
            ResidentBytes = list.Bytes(WeightKind.Norm, 2 * mixer.IndexHeadDim),
            ResidentElements = 2 * mixer.IndexHeadDim,
            Part = WeightPart.Norms,
        });
        IndexKernel(list, mixer, StepPhase.Prefill);
        IndexKernel(list, mixer, StepPhase.Decode);
    }

    private static void IndexKernel(OperatorList list, LatentAttentionMixer mixer, StepPhase phase)
    {
        string suffix = phase == StepPhase.Prefill ? "_prefill" : "_decode";
        double queries = mixer.IndexHeads * mixer.IndexHeadDim;
        int span = list.Tables.Span(default);
        list.Add(new()
        {
            Name = "index_scores" + suffix,
            Group = OperatorGroup.Attention,
            Rate = RateClass.Attention,
            Phase = phase,
            Span = span,
            Flops = new() { PerPair = 2 * queries },
            KvRead = new() { PerRead = DeploymentProfile.IndexKeyBytes(mixer) },
            ActivationRead = new() { PerToken = (queries + mixer.IndexHeads) * list.Activation },
            ActivationWrite = new() { PerPair = list.Activation },
        });
        list.Add(new()
        {
            Name = "index_top_k" + suffix,
            Group = OperatorGroup.Attention,
            Phase = phase,
            Span = span,
            Flops = new() { PerPair = 1 },
            ActivationRead = new() { PerPair = list.Activation },
            ActivationWrite = new() { PerToken = mixer.IndexTopK * sizeof(int) },
        });
    }
}
