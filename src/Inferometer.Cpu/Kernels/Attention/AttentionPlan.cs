using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>
/// Cuts a step's attention into tiles. Prompts are cut along queries, long decodes along keys; the cut depends on lengths alone, never on
/// the number of threads, so neither do results.
/// </summary>
internal sealed class AttentionPlan
{
    /// <summary>
    /// Query vectors (tokens times heads of a group) in a tile: enough that converting a page is shared, few enough that they stay in the
    /// caches.
    /// </summary>
    private const int TileVectors = 64;

    /// <summary>Keys that one piece of a decode reads.</summary>
    private const int SplitTokens = 1024;

    /// <summary>Up to so many query tokens a sequence counts as decoding (one token, or a few when tokens are speculated).</summary>
    private const int MaxDecodeTokens = 8;

    private readonly List<AttentionTile> _tiles = [];

    /// <summary>Tiles, the costliest of a prompt first.</summary>
    public ReadOnlySpan<AttentionTile> Tiles => CollectionsMarshal.AsSpan(_tiles);

    /// <summary>Most query vectors in a tile, rounded up to whole groups.</summary>
    public int MaxVectors { get; private set; }

    /// <summary>Partial results of tiles whose keys are split.</summary>
    public int PartialCount { get; private set; }

    /// <summary>Makes the plan for a step.</summary>
    public void Build(AttentionBatch batch, in AttentionParameters parameters)
    {
        _tiles.Clear();
        PartialCount = 0;
        int group = parameters.GroupHeads;
        int tileTokens = Math.Max(1, TileVectors / group);
        MaxVectors = (tileTokens * group + KvCodec.QueryGroup - 1) / KvCodec.QueryGroup * KvCodec.QueryGroup;
        ReadOnlySpan<AttentionBatch.Sequence> sequences = batch.Sequences;
        for (int i = 0; i < sequences.Length; i++)
        {
            int last = (sequences[i].QueryTokens - 1) / tileTokens * tileTokens;
            for (int first = last; first >= 0; first -= tileTokens)
            {
                for (int head = 0; head < parameters.KvHeads; head++)
                {
                    AddTile(sequences[i], i, head, first, Math.Min(tileTokens, sequences[i].QueryTokens - first), parameters);
                }
            }
        }
    }

    private void AddTile(
        in AttentionBatch.Sequence sequence, int index, int head, int firstToken, int tokens, in AttentionParameters parameters)
    {
        int position = sequence.PastTokens + firstToken;
        int end = parameters.EndVisible(position + tokens - 1, sequence.Tokens);
        int start = parameters.FirstVisible(position) / KvPageLayout.PageTokens * KvPageLayout.PageTokens;
        int splits = sequence.QueryTokens <= MaxDecodeTokens ? (end - start + SplitTokens - 1) / SplitTokens : 1;
        for (int split = 0; split < splits; split++)
        {
            int keyStart = start + split * SplitTokens;
            _tiles.Add(new AttentionTile
            {
                Sequence = index,
                KvHead = head,
                FirstToken = firstToken,
                Tokens = tokens,
                KeyStart = keyStart,
                KeyEnd = split == splits - 1 ? end : keyStart + SplitTokens,
                SplitCount = splits,
                Split = split,
                FirstPartial = PartialCount,
            });
        }

        if (splits > 1)
        {
            PartialCount += splits;
        }
    }
}
