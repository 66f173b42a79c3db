namespace Inferometer.Simulation.Compatibility;

/// <summary>
/// Prefill chunks and decoding sequences in one step; also the verification pass of speculative decoding. Latent attention and windows are
/// not known here.
/// </summary>
internal static class ChunkedGraph
{
    public static List<GraphNode> Build(
        ModelShard shard, int batch, IReadOnlyList<CompatibilityChunk> chunks, IReadOnlyList<CompatibilityDecodeEntry> decodes)
    {
        long chunkTokens = chunks.Sum(c => c.Tokens);
        long tokens = chunkTokens + decodes.Sum(d => (long)d.Sequences);
        return OperatorGraph.Arrange(
            shard,
            shard.Embedding(batch, chunkTokens),
            _ => Attention(shard, batch, tokens, chunks, decodes).Concat(FeedForwardBlock.Chunked(shard, batch, tokens)),
            (batch, tokens),
            shard.LmHead(batch, tokens),
            honourWindows: false);
    }

    private static IEnumerable<OperatorSpec> Attention(
        ModelShard shard, int batch, long tokens, IReadOnlyList<CompatibilityChunk> chunks, IReadOnlyList<CompatibilityDecodeEntry> decodes)
    {
        int width = shard.Model.HeadDim;
        yield return shard.QkvProjection(batch, tokens, OnChip.InputAndOutput);
        foreach (CompatibilityChunk chunk in chunks)
        {
            (ScoreProduct score, ValueProduct value) = shard.PromptAttention(
                " Pre", batch, chunk.Tokens, chunk.PastTokens + chunk.Tokens, width, width, shard.KvHeads);
            yield return score;
            yield return value;
        }

        foreach (OperatorSpec product in decodes.SelectMany(d => Decode(shard, batch, d)))
        {
            yield return product;
        }

        yield return shard.OutputProjection(batch, tokens, shard.Heads * width, OnChip.InputAndOutput);
        foreach (OperatorSpec message in shard.AttentionAllReduce("MHA AR", batch, tokens))
        {
            yield return message;
        }
    }

    /// <summary>Sequences are laid out as further heads. Beams share the KV heads, plain sequences bring their own.</summary>
    private static IEnumerable<OperatorSpec> Decode(ModelShard shard, int batch, CompatibilityDecodeEntry entry)
    {
        AttentionSize Size(int sequences, long keys, int caches) =>
            new(batch, shard.Heads * sequences, 1, keys, shard.Model.HeadDim, shard.KvHeads * caches, 1);

        return entry.HasBeams
            ? [
                .. Pair(" Pre", Size(entry.Sequences, entry.ContextTokens, caches: 1)),
                .. Pair(" Suf", Size(entry.SuffixBeams, entry.SuffixTokens, caches: 1)),
            ]
            : Pair(" Dec", Size(entry.Sequences, entry.ContextTokens, entry.Sequences));
    }

    private static IEnumerable<OperatorSpec> Pair(string suffix, AttentionSize size) =>
    [
        new ScoreProduct("Logit" + suffix, size, OnChip.InputAndOutput),
        new ValueProduct("Attend" + suffix, size, OnChip.InputAndOutput),
    ];
}
