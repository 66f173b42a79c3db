namespace Inferometer.Simulation.Compatibility;

/// <summary>A whole prompt at once.</summary>
internal static class PrefillGraph
{
    public static List<GraphNode> Build(ModelShard shard, int batch, long tokens) => OperatorGraph.Arrange(
        shard,
        shard.Embedding(batch, tokens),
        keys => Attention(shard, batch, tokens, Math.Min(tokens, keys)).Concat(FeedForwardBlock.Prefill(shard, batch, tokens)),
        (batch, tokens),
        shard.LmHead(batch, tokens),
        honourWindows: true);

    private static IEnumerable<OperatorSpec> Attention(ModelShard shard, int batch, long tokens, long keys)
    {
        if (shard.Model.LatentAttention is { } latent)
        {
            return LatentAttentionBlock.Prefill(shard, latent, batch, tokens, keys);
        }

        int width = shard.Model.HeadDim;
        (ScoreProduct score, ValueProduct value) = shard.PromptAttention("", batch, tokens, keys, width, width, shard.KvHeads);
        return
        [
            shard.QkvProjection(batch, tokens, OnChip.None),
            score,
            value,
            shard.OutputProjection(batch, tokens, shard.Heads * width, OnChip.None),
            .. shard.AttentionAllReduce("MHA AR", batch, tokens),
        ];
    }
}
