using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Operators;

/// <summary>Feed-forward parts: plain, gated, and mixtures of experts.</summary>
internal static class FeedForwardOperators
{
    public static void Add(OperatorList list, DenseFeedForward dense) =>
        Dense(list, "", (WeightKind.Gate, WeightKind.Up, WeightKind.Down), dense.IntermediateSize, dense.Gated, dense.Bias);

    public static void Add(OperatorList list, MoeFeedForward moe)
    {
        Router(list, moe);
        Exchange(list, moe, "expert_dispatch", "expert_all_gather");
        int first = list.Items.Count;
        Experts(list, moe);
        list.MarkRouted(first);
        Exchange(list, moe, "expert_combine", "expert_reduce_scatter");
        int hidden = list.Profile.Architecture.HiddenSize;
        list.Elementwise(
            "expert_sum", OperatorGroup.Experts, 2.0 * moe.ExpertsPerToken * hidden, (double)moe.ExpertsPerToken * hidden, hidden);
        if (moe.SharedIntermediateSize > 0)
        {
            Dense(
                list,
                "shared_",
                (WeightKind.SharedGate, WeightKind.SharedUp, WeightKind.SharedDown),
                moe.SharedIntermediateSize,
                moe.Gated,
                bias: false);
            if (moe.SharedGate)
            {
                list.Matrix("shared_gate", OperatorGroup.FeedForward, WeightKind.SharedSwitch, hidden, 1);
            }
        }

        if (moe.ParallelDenseIntermediateSize > 0)
        {
            Dense(
                list,
                "dense_",
                (WeightKind.Gate, WeightKind.Up, WeightKind.Down),
                moe.ParallelDenseIntermediateSize,
                moe.Gated,
                bias: false);
        }

        if (moe.ParallelDenseIntermediateSize > 0 && moe.ParallelDenseNorms)
        {
            // The experts then have a norm of their own before them, and both branches one behind.
            ModelOperators.Norm(list, "dense_post_norm");
            ModelOperators.Norm(list, "expert_norm");
            ModelOperators.Norm(list, "expert_post_norm");
        }
    }

    private static void Dense(
        OperatorList list, string prefix, (WeightKind Gate, WeightKind Up, WeightKind Down) kinds, int width, bool gated, bool bias)
    {
        int hidden = list.Profile.Architecture.HiddenSize;
        double inner = DeploymentProfile.Part(width, list.Profile.Tensor);
        double up = gated ? 2 * inner : inner;
        list.Matrix(
            prefix + (gated ? "gate_up_projection" : "up_projection"),
            OperatorGroup.FeedForward,
            hidden,
            bias ? up : 0,
            (kinds.Up, inner),
            (kinds.Gate, gated ? inner : 0));
        list.Adapters("lora_" + prefix + "gate_up", LoraTargets.GateUp, hidden, up, gated ? 2 : 1);
        list.Elementwise(prefix + "activation", OperatorGroup.FeedForward, gated ? 5 * inner : 4 * inner, up, inner);
        list.Matrix(prefix + "down_projection", OperatorGroup.FeedForward, kinds.Down, inner, hidden, bias ? hidden : 0);
        list.Adapters("lora_" + prefix + "down", LoraTargets.Down, inner, hidden);
    }

    private static void Router(OperatorList list, MoeFeedForward moe)
    {
        int hidden = list.Profile.Architecture.HiddenSize;
        int inputs = moe.RouterInputSize > 0 ? moe.RouterInputSize : hidden;
        int rows = moe.RouterRows > 0 ? moe.RouterRows : moe.Experts;
        list.Matrix("router", OperatorGroup.Experts, WeightKind.Router, inputs, rows, RouterExtras(moe, hidden));
        list.Elementwise("top_k", OperatorGroup.Experts, 6.0 * moe.Experts, moe.Experts, 2.0 * moe.ExpertsPerToken);
    }

    // Gemma-4 routers carry a scale per channel and per expert; a hash table over token ids needs no bias.
    private static double RouterExtras(MoeFeedForward moe, double hidden) =>
        (moe.RouterBias && !moe.HashRouting ? moe.Experts : 0)
        + (moe.ParallelDenseIntermediateSize > 0 && moe.ParallelDenseNorms ? hidden + moe.Experts : 0);

    // Uniform routing; the device with the most experts sets the pace.
    private static void Experts(OperatorList list, MoeFeedForward moe)
    {
        DeploymentProfile profile = list.Profile;
        int hidden = moe.ExpertInputSize > 0 ? moe.ExpertInputSize : profile.Architecture.HiddenSize;
        int local = DeploymentProfile.Part(moe.Experts, profile.Expert);
        double inner = DeploymentProfile.Part(moe.ExpertIntermediateSize, profile.ExpertTensor);
        double probability = (double)moe.ExpertsPerToken / moe.Experts;
        double copies = profile.AttentionRanks * probability * local;
        int pool = list.Tables.ExpertPool(local, probability, profile.AttentionRanks);
        double up = moe.Gated ? 2 * inner : inner;
        double gateBytes = moe.Gated ? list.Bytes(WeightKind.ExpertGate, hidden * inner) : 0;
        double upBytes = list.Bytes(WeightKind.ExpertUp, hidden * inner) + gateBytes;
        ExpertMatrix(
            list,
            moe.Gated ? "expert_gate_up" : "expert_up",
            (hidden, up, upBytes),
            moe.ExpertBias ? up : 0,
            (copies, local, pool));
        list.Elementwise("expert_activation", OperatorGroup.Experts, copies * (moe.Gated ? 5 : 4) * inner, copies * up, copies * inner);
        double downBytes = list.Bytes(WeightKind.ExpertDown, inner * hidden);
        ExpertMatrix(list, "expert_down", (inner, hidden, downBytes), moe.ExpertBias ? hidden : 0, (copies, local, pool));
    }

    private static void ExpertMatrix(
        OperatorList list,
        string name,
        (double Inputs, double Outputs, double Bytes) shape,
        double biases,
        (double Copies, int Local, int Pool) routing)
    {
        double bytes = shape.Bytes + list.Bytes(WeightKind.Bias, biases);
        list.Add(new()
        {
            Name = name,
            Group = OperatorGroup.Experts,
            Rate = RateClass.Matrix,
            Pool = routing.Pool,
            Flops = new() { PerToken = routing.Copies * 2 * shape.Inputs * shape.Outputs },
            Weights = new() { PerTouched = bytes },
            ActivationRead = new() { PerToken = routing.Copies * shape.Inputs * list.Activation },
            ActivationWrite = new() { PerToken = routing.Copies * shape.Outputs * list.Activation },
            Product = list.Product(WeightKind.ExpertUp),
            ResidentBytes = routing.Local * bytes,
            ResidentElements = routing.Local * ((shape.Inputs * shape.Outputs) + biases),
            Part = WeightPart.Experts,
        });
    }

    /// <summary>
    /// Tokens to the devices of their experts, or back. With expert parallelism a token is sent once to every other rank
    /// that holds one of its experts: (EP - 1)(1 - (1 - 1/EP)^k) of them on average, on each of the devices an expert is split over.
    /// Without it, attention-data-parallel ranks gather all tokens and scatter the sums.
    /// </summary>
    private static void Exchange(OperatorList list, MoeFeedForward moe, string toExperts, string gather)
    {
        DeploymentProfile profile = list.Profile;
        double hidden = profile.Architecture.HiddenSize;
        if (profile.Expert > 1 && (profile.AttentionRanks > 1 || !profile.Rates.SharesTokens))
        {
            double ep = profile.Expert;
            double ranks = (ep - 1) * (1 - Math.Pow(1 - (1 / ep), moe.ExpertsPerToken));
            list.Collective(
                toExperts,
                profile.Network.AllToAll(profile.Expert, profile.ExpertTensor),
                ranks * profile.ExpertTensor * hidden / profile.Tensor);
        }
        else if (profile.Expert == 1 && profile.AttentionRanks > 1)
        {
            list.Collective(gather, profile.Network.AllGather(profile.AttentionRanks, profile.Tensor), profile.AttentionRanks * hidden);
        }
    }
}
