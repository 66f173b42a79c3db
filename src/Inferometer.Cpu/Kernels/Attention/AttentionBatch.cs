using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>
/// The sequences of a step and where their keys and values lie, for one layer. Reused from step to step; a warm one allocates nothing. Not
/// thread-safe.
/// </summary>
public sealed unsafe class AttentionBatch
{
    private readonly List<Sequence> _sequences = [];
    private readonly List<Segment> _segments = [];
    private readonly List<KvCodec> _codecs = [];

    /// <summary>Sequences added so far.</summary>
    public int SequenceCount => _sequences.Count;

    /// <summary>Codecs in use, each once.</summary>
    internal ReadOnlySpan<KvCodec> Codecs => CollectionsMarshal.AsSpan(_codecs);

    /// <summary>Sequences in the order they were added.</summary>
    internal ReadOnlySpan<Sequence> Sequences => CollectionsMarshal.AsSpan(_sequences);

    /// <summary>Segments of all sequences.</summary>
    internal ReadOnlySpan<Segment> Segments => CollectionsMarshal.AsSpan(_segments);

    /// <summary>Forgets all sequences.</summary>
    public void Clear()
    {
        _sequences.Clear();
        _segments.Clear();
        _codecs.Clear();
    }

    /// <summary>Adds a sequence whose tokens all lie in pages of one codec.</summary>
    /// <param name="firstRow">Row of its first query token in the step.</param>
    /// <param name="queryTokens">Query tokens, at least 1; row follows row.</param>
    /// <param name="pastTokens">Tokens before the first query token: its position.</param>
    /// <param name="codec">How pages are stored.</param>
    /// <param name="pool">Page 0 of this layer; must stay where it is until the step has run.</param>
    /// <param name="pageStride">Bytes from page to page.</param>
    /// <param name="blockTable">Page numbers by position; keys and values of the query tokens are already stored. At least (pastTokens +
    /// queryTokens) / 16 rounded up.</param>
    public void AddSequence(
        int firstRow, int queryTokens, int pastTokens, KvCodec codec, byte* pool, long pageStride, ReadOnlyMemory<int> blockTable)
    {
        BeginSequence(firstRow, queryTokens, pastTokens);
        AddSegment(codec, pool, pageStride, blockTable, pastTokens + queryTokens);
    }

    /// <summary>
    /// Starts a sequence that is stored in several segments, which <see cref="AddSegment"/> then adds in order of position.
    /// </summary>
    /// <param name="firstRow">Row of its first query token in the step.</param>
    /// <param name="queryTokens">Query tokens, at least 1.</param>
    /// <param name="pastTokens">Position of the first query token.</param>
    public void BeginSequence(int firstRow, int queryTokens, int pastTokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(queryTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(pastTokens);
        _sequences.Add(new Sequence
        {
            FirstRow = firstRow,
            QueryTokens = queryTokens,
            PastTokens = pastTokens,
            FirstSegment = _segments.Count,
        });
    }

    /// <summary>Adds the next stretch of the current sequence. Every segment but the last holds whole pages.</summary>
    /// <param name="codec">How its pages are stored.</param>
    /// <param name="pool">Page 0 of this layer.</param>
    /// <param name="pageStride">Bytes from page to page.</param>
    /// <param name="blockTable">Page numbers of the stretch by position.</param>
    /// <param name="tokens">Tokens in the stretch.</param>
    public void AddSegment(KvCodec codec, byte* pool, long pageStride, ReadOnlyMemory<int> blockTable, int tokens)
    {
        ArgumentNullException.ThrowIfNull(codec);
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokens);
        ref Sequence sequence = ref CollectionsMarshal.AsSpan(_sequences)[^1];
        if (sequence.Tokens % KvPageLayout.PageTokens != 0 || blockTable.Length * (long)KvPageLayout.PageTokens < tokens)
        {
            throw new ArgumentException(
                $"A segment of {tokens} tokens after {sequence.Tokens} needs whole pages before it and a block table of its own length; "
                    + $"{blockTable.Length} blocks are named.", nameof(blockTable));
        }

        int index = _codecs.IndexOf(codec);
        if (index < 0)
        {
            index = _codecs.Count;
            _codecs.Add(codec);
        }

        _segments.Add(new Segment
        {
            Codec = codec,
            CodecIndex = index,
            Pool = pool,
            PageStride = pageStride,
            Blocks = blockTable,
            FirstPosition = sequence.Tokens,
            Tokens = tokens,
        });
        sequence.Tokens += tokens;
        sequence.SegmentCount++;
    }

    /// <summary>Rows of queries the sequences name; checks that each has all the keys its queries see.</summary>
    internal int ValidatedRowCount()
    {
        int rows = 0;
        foreach (ref readonly Sequence sequence in Sequences)
        {
            if (sequence.Tokens < sequence.PastTokens + sequence.QueryTokens)
            {
                throw new InvalidOperationException(
                    $"A sequence of {sequence.PastTokens} + {sequence.QueryTokens} tokens has segments for {sequence.Tokens}.");
            }

            rows = Math.Max(rows, sequence.FirstRow + sequence.QueryTokens);
        }

        return rows;
    }

    [StructLayout(LayoutKind.Auto)]
    internal struct Sequence
    {
        public int FirstRow;
        public int QueryTokens;
        public int PastTokens;
        public int Tokens;
        public int FirstSegment;
        public int SegmentCount;
    }

    [StructLayout(LayoutKind.Auto)]
    internal struct Segment
    {
        public KvCodec Codec;
        public int CodecIndex;
        public byte* Pool;
        public long PageStride;
        public ReadOnlyMemory<int> Blocks;
        public int FirstPosition;
        public int Tokens;
    }
}
