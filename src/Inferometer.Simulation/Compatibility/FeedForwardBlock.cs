namespace Inferometer.Simulation.Compatibility;

/// <summary>The feed-forward part of a layer.</summary>
internal static class FeedForwardBlock
{
    /// <summary>For a whole prompt: every expert takes an equal, floored share of the tokens.</summary>
    public static IEnumerable<OperatorSpec> Prefill(ModelShard shard, long batch, long tokens)
    {
        if (!shard.Model.IsMixture)
        {
            return Dense(shard, batch, tokens, OnChip.None);
        }

        int experts = shard.Model.Experts;
        return Mixture(shard, batch, tokens, gateWidth: experts,
            Pair(
                shard, "", batch, experts / shard.Deployment.ExpertParallel * shard.Intermediate,
                tokens * shard.Model.ExpertsPerToken / experts, OnChip.None));
    }

    /// <summary>
    /// For a mixed step: as a prompt, but fine-grained models have their own expert width, shared experts, and no idle experts.
    /// </summary>
    public static IEnumerable<OperatorSpec> Chunked(ModelShard shard, long batch, long tokens)
    {
        CompatibilityModel model = shard.Model;
        if (!model.IsMixture || !model.FineGrainedExperts)
        {
            return Prefill(shard, batch, tokens);
        }

        int tensor = shard.Deployment.TensorParallel;
        long width = ModelShard.CeilingOf(model.ExpertIntermediateSize ?? model.IntermediateSize, tensor);
        long active = Math.Min(tokens * model.ExpertsPerToken, model.Experts);
        long activeHere = ModelShard.CeilingOf(active, shard.Deployment.ExpertParallel);
        IEnumerable<OperatorSpec> experts = Pair(
            shard, "", batch, activeHere * width, tokens * model.ExpertsPerToken / active, OnChip.None);
        if (model.SharedExperts > 0)
        {
            long shared = ModelShard.CeilingOf(model.SharedExpertIntermediateSize ?? model.IntermediateSize, tensor);
            experts = experts.Concat(Pair(shard, "shared ", batch, model.SharedExperts * shared, tokens, OnChip.None));
        }

        return Mixture(shard, batch, tokens, gateWidth: model.Experts, experts);
    }

    /// <summary>
    /// For one token per sequence: the chosen experts are read once whatever the batch, the others are listed without tokens.
    /// </summary>
    public static IEnumerable<OperatorSpec> Decode(ModelShard shard, long batch)
    {
        CompatibilityModel model = shard.Model;
        if (!model.IsMixture)
        {
            return Dense(shard, batch, tokens: 1, OnChip.InputAndOutput);
        }

        int ranks = shard.Deployment.ExpertParallel;
        long active = Math.Max(1, ModelShard.CeilingOf(model.ExpertsPerToken, ranks));
        long idle = ModelShard.CeilingOf(model.Experts, ranks) - active;
        IEnumerable<OperatorSpec> experts = Pair(shard, "", batch, active * shard.Intermediate, tokens: 1, OnChip.InputAndOutput);
        experts = experts.Concat(Pair(shard, "", batch, idle * shard.Intermediate, tokens: 0, OnChip.InputAndOutput));
        return Mixture(shard, batch, tokens: 1, gateWidth: model.HiddenSize, experts);
    }

    private static IEnumerable<OperatorSpec> Dense(ModelShard shard, long batch, long tokens, OnChip placement) =>
        Pair(shard, "", batch, shard.Intermediate, tokens, placement).Concat(AllReduce(shard, batch, tokens));

    private static IEnumerable<OperatorSpec> Mixture(
        ModelShard shard, long batch, long tokens, long gateWidth, IEnumerable<OperatorSpec> experts)
    {
        CompatibilityModel model = shard.Model;
        int tensor = shard.Deployment.TensorParallel;
        int ranks = shard.Deployment.ExpertParallel;
        yield return new MatrixProduct("Gate", CompatibilityBlock.FeedForward, batch, model.Experts, tokens, model.HiddenSize / tensor);
        if (tensor > 1)
        {
            yield return new Message(
                "Gate AR", CompatibilityBlock.FeedForward, CompatibilityCollective.AllReduce, tensor, batch, tokens, gateWidth);
        }

        long routedWidth = model.ExpertsPerToken * model.HiddenSize;
        if (ranks > 1)
        {
            yield return new Message(
                "Dispatch A2A", CompatibilityBlock.FeedForward, CompatibilityCollective.AllToAll, ranks, batch, tokens, routedWidth);
        }

        foreach (OperatorSpec expert in experts)
        {
            yield return expert;
        }

        if (ranks > 1)
        {
            yield return new Message(
                "Collect A2A", CompatibilityBlock.FeedForward, CompatibilityCollective.AllToAll, ranks, batch, tokens, routedWidth);
        }

        foreach (OperatorSpec message in AllReduce(shard, batch, tokens))
        {
            yield return message;
        }
    }

    private static IEnumerable<OperatorSpec> Pair(
        ModelShard shard, string prefix, long batch, long width, long tokens, OnChip placement)
    {
        yield return new MatrixProduct(
            prefix + "up+gate",
            CompatibilityBlock.FeedForward,
            batch,
            shard.Model.FeedForwardInputs * width,
            tokens,
            shard.Model.HiddenSize,
            placement);
        yield return new MatrixProduct(
            prefix + "down", CompatibilityBlock.FeedForward, batch, shard.Model.HiddenSize, tokens, width, placement);
    }

    private static IEnumerable<OperatorSpec> AllReduce(ModelShard shard, long batch, long tokens)
    {
        int tensor = shard.Deployment.TensorParallel;
        if (tensor > 1)
        {
            yield return new Message(
                "FFN AR", CompatibilityBlock.FeedForward, CompatibilityCollective.AllReduce, tensor, batch, tokens, shard.Model.HiddenSize);
        }
    }
}
