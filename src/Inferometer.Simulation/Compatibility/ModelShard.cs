namespace Inferometer.Simulation.Compatibility;

/// <summary>The sizes of a model as one rank sees them, and the operators that every phase shares.</summary>
internal sealed class ModelShard
{
    public ModelShard(CompatibilityModel model, CompatibilityDialect dialect, CompatibilityDeployment deployment)
    {
        Model = model;
        Dialect = dialect;
        Deployment = deployment;
        AttentionRanks = dialect.AttentionRanks(deployment);
        Heads = CeilingOf(model.Heads, AttentionRanks);
        KvHeads = CeilingOf(model.KvHeads, AttentionRanks);
        Intermediate = CeilingOf(model.IntermediateSize, deployment.TensorParallel);
        VocabularyRows = model.VocabularySize / deployment.ModelRanks;
    }

    public CompatibilityModel Model { get; }

    public CompatibilityDialect Dialect { get; }

    public CompatibilityDeployment Deployment { get; }

    public int AttentionRanks { get; }

    public long Heads { get; }

    public long KvHeads { get; }

    public long Intermediate { get; }

    public long VocabularyRows { get; }

    public long QkvOutputs => (Heads + (2 * KvHeads)) * Model.HeadDim;

    public static long CeilingOf(long value, long divisor) => (value + divisor - 1) / divisor;

    /// <summary>The embedding, charged as a dense product over the vocabulary.</summary>
    public IEnumerable<OperatorSpec> Embedding(long batch, long tokens)
    {
        yield return new MatrixProduct("embeddings", CompatibilityBlock.Embedding, batch, Model.HiddenSize, tokens, VocabularyRows);
        if (Deployment.ModelRanks > 1)
        {
            yield return new Message(
                "Emb_AR",
                CompatibilityBlock.Embedding,
                CompatibilityCollective.AllReduce,
                Deployment.ModelRanks,
                batch,
                tokens,
                Model.HiddenSize);
        }
    }

    /// <summary>The LM head, on every position given.</summary>
    public IEnumerable<OperatorSpec> LmHead(long batch, long tokens)
    {
        yield return new MatrixProduct("classifier", CompatibilityBlock.Embedding, batch, VocabularyRows, tokens, Model.HiddenSize);
        if (Deployment.ModelRanks > 1)
        {
            yield return new Message(
                "classifier_AG",
                CompatibilityBlock.Embedding,
                CompatibilityCollective.AllGather,
                Deployment.ModelRanks,
                batch,
                tokens,
                Model.VocabularySize);
        }
    }

    public MatrixProduct QkvProjection(long batch, long tokens, OnChip placement) =>
        new("QKV", CompatibilityBlock.Attention, batch, QkvOutputs, tokens, Model.HiddenSize, placement);

    public MatrixProduct OutputProjection(long batch, long tokens, long inputs, OnChip placement) =>
        new("Out Proj", CompatibilityBlock.Attention, batch, Model.HiddenSize, tokens, inputs, placement);

    public IEnumerable<OperatorSpec> AttentionAllReduce(string name, long batch, long tokens)
    {
        if (AttentionRanks > 1)
        {
            yield return new Message(
                name, CompatibilityBlock.Attention, CompatibilityCollective.AllReduce, AttentionRanks, batch, tokens, Model.HiddenSize);
        }
    }

    /// <summary>Scores and values of queries that bring their own keys, causally masked.</summary>
    public (ScoreProduct Score, ValueProduct Value) PromptAttention(
        string suffix, long batch, long queries, long keys, long scoreWidth, long valueWidth, long kvHeads)
    {
        double share = Dialect.DiscountsCausalWork ? AttentionSize.CausalShare(queries, keys) : 1;
        AttentionSize score = new(batch, Heads, queries, keys, scoreWidth, kvHeads, share);
        return (
            new ScoreProduct("Logit" + suffix, score, OnChip.Output),
            new ValueProduct("Attend" + suffix, score with { Width = valueWidth }, OnChip.Input));
    }
}
