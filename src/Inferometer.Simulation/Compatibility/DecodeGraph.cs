namespace Inferometer.Simulation.Compatibility;

/// <summary>One output token of every sequence and beam. The beams of a sequence share its prompt.</summary>
internal static class DecodeGraph
{
    /// <summary>Builds the step.</summary>
    /// <param name="shard">The model on one rank.</param>
    /// <param name="sequences">Sequences of the micro-batch.</param>
    /// <param name="beams">Beams of each.</param>
    /// <param name="prompt">Keys the beams share.</param>
    /// <param name="generated">Keys of each beam's own.</param>
    public static List<GraphNode> Build(ModelShard shard, int sequences, int beams, long prompt, long generated)
    {
        long batch = (long)sequences * beams;
        return OperatorGraph.Arrange(
            shard,
            [],
            keys => Attention(shard, sequences, beams, Math.Min(prompt, keys), generated).Concat(FeedForwardBlock.Decode(shard, batch)),
            (batch, 1),
            shard.LmHead(batch, 1),
            honourWindows: true);
    }

    private static IEnumerable<OperatorSpec> Attention(ModelShard shard, int sequences, int beams, long prompt, long generated)
    {
        long batch = (long)sequences * beams;
        if (shard.Model.LatentAttention is { } latent)
        {
            return LatentAttentionBlock.Decode(shard, latent, sequences, beams, prompt, generated);
        }

        int width = shard.Model.HeadDim;
        AttentionSize shared = new(sequences, shard.Heads, 1, prompt, width, shard.KvHeads, 1);
        AttentionSize own = shared with { Batch = batch, Keys = generated };
        return
        [
            shard.QkvProjection(batch, 1, OnChip.InputAndOutput),
            new ScoreProduct("Logit Pre", shared, OnChip.InputAndOutput),
            new ScoreProduct("Logit Suf", own, OnChip.InputAndOutput),
            new ValueProduct("Attend Pre", shared, OnChip.InputAndOutput),
            new ValueProduct("Attend Suf", own, OnChip.InputAndOutput),
            shard.OutputProjection(batch, 1, shard.Heads * width, OnChip.InputAndOutput),
            .. shard.AttentionAllReduce("MHA AR", batch, 1),
        ];
    }
}
