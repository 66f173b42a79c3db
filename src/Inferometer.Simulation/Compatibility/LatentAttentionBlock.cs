namespace Inferometer.Simulation.Compatibility;

/// <summary>
/// Multi-head latent attention as the <c>bud</c> engine has it: keys and values are rebuilt from the latent for the whole
/// context in every step, and the cache is one head as wide as a score head.
/// </summary>
internal static class LatentAttentionBlock
{
    public static IEnumerable<OperatorSpec> Prefill(
        ModelShard shard, CompatibilityLatentAttention latent, long batch, long tokens, long keys)
    {
        (ScoreProduct score, ValueProduct value) = shard.PromptAttention(
            "", batch, tokens, keys, latent.NopeHeadDim + latent.RopeHeadDim, latent.ValueHeadDim, kvHeads: 1);
        return
        [
            .. Projections(shard, latent, batch, tokens, tokens, OnChip.None),
            score,
            value,
            shard.OutputProjection(batch, tokens, shard.Heads * latent.ValueHeadDim, OnChip.None),
            .. shard.AttentionAllReduce("MLA AR", batch, tokens),
        ];
    }

    public static IEnumerable<OperatorSpec> Decode(
        ModelShard shard, CompatibilityLatentAttention latent, int sequences, int beams, long prompt, long generated)
    {
        long batch = (long)sequences * beams;
        AttentionSize shared = new(sequences, shard.Heads, 1, prompt, latent.NopeHeadDim + latent.RopeHeadDim, 1, 1);
        AttentionSize own = shared with { Batch = batch, Keys = generated };
        return
        [
            .. Projections(shard, latent, batch, 1, prompt, OnChip.InputAndOutput),
            new ScoreProduct("Logit Pre", shared, OnChip.InputAndOutput),
            new ValueProduct("Attend Pre", shared with { Width = latent.ValueHeadDim }, OnChip.InputAndOutput),
            new ScoreProduct("Logit Suf", own, OnChip.InputAndOutput),
            new ValueProduct("Attend Suf", own with { Width = latent.ValueHeadDim }, OnChip.InputAndOutput),
            shard.OutputProjection(batch, 1, shard.Heads * latent.ValueHeadDim, OnChip.InputAndOutput),
            .. shard.AttentionAllReduce("MLA AR", batch, 1),
        ];
    }

    private static IEnumerable<OperatorSpec> Projections(
        ModelShard shard, CompatibilityLatentAttention latent, long batch, long tokens, long rebuiltTokens, OnChip placement)
    {
        long hidden = shard.Model.HiddenSize;
        MatrixProduct Product(string name, long count, long outputs, long inputs) =>
            new(name, CompatibilityBlock.Attention, batch, outputs, count, inputs, placement);

        yield return Product("Q Down", tokens, latent.QueryRank, hidden);
        yield return Product("Q Up", tokens, shard.Heads * (latent.NopeHeadDim + latent.RopeHeadDim), latent.QueryRank);
        yield return Product("KV Compress", tokens, latent.KvRank + latent.RopeHeadDim, hidden);
        yield return Product("KV Up", rebuiltTokens, shard.Heads * (latent.NopeHeadDim + latent.ValueHeadDim), latent.KvRank);
    }
}
