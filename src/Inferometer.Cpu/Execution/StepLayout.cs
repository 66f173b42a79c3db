using Inferometer.Runners;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// A step's batch flattened to one row per token: what every part of a layer needs to know of it. Arrays grow to the largest step and stay.
/// </summary>
internal sealed class StepLayout
{
    private int[] _tokens = [];
    private int[] _positions = [];
    private int[] _slots = [];
    private int[] _firstTokens = [];
    private int[] _logitTokens = [];
    private int[] _sequences = [];
    private int[] _segments = [];

    /// <summary>Sequences of the step.</summary>
    public ForwardBatch Batch { get; private set; } = new();

    /// <summary>Rows: tokens over all sequences.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Token ids, [tokens].</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, TokenCount);

    /// <summary>Position of each token in its sequence, [tokens].</summary>
    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, TokenCount);

    /// <summary>Cache slot of each token: block x block size + place in the block, [tokens].</summary>
    public ReadOnlySpan<int> Slots => _slots.AsSpan(0, TokenCount);

    /// <summary>Sequence of each token, [tokens].</summary>
    public ReadOnlySpan<int> Sequences => _sequences.AsSpan(0, TokenCount);

    /// <summary>Segment of each token, [tokens].</summary>
    public ReadOnlySpan<int> Segments => _segments.AsSpan(0, TokenCount);

    /// <summary>Row of each sequence's first token, [sequences].</summary>
    public ReadOnlySpan<int> FirstTokens => _firstTokens.AsSpan(0, Batch.Count);

    /// <summary>Rows that get logits, ascending, [logit rows].</summary>
    public ReadOnlySpan<int> LogitTokens => _logitTokens.AsSpan(0, Batch.LogitRowCount);

    /// <summary>Flattens <paramref name="batch"/> and checks that every index in it is one the model and the cache have.</summary>
    /// <exception cref="ArgumentException">A token, block or length is out of range.</exception>
    public void Set(ForwardBatch batch, int vocabularySize, int contextTokens, int blockCount, int tokenTypes = 0)
    {
        Batch = batch;
        TokenCount = batch.TokenCount;
        Grow(ref _tokens, batch.TokenCount);
        Grow(ref _positions, batch.TokenCount);
        Grow(ref _slots, batch.TokenCount);
        Grow(ref _sequences, batch.TokenCount);
        Grow(ref _segments, batch.TokenCount);
        Grow(ref _firstTokens, batch.Count);
        Grow(ref _logitTokens, batch.LogitRowCount);
        int row = 0, logitRow = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            SequenceSlice slice = batch[i];
            ReadOnlySpan<int> blocks = slice.BlockTable.Span;
            CheckSlice(i, slice, blocks, contextTokens, blockCount);
            _firstTokens[i] = row;
            int firstLogit = slice.Tokens.Length - slice.LogitRows;
            for (int t = 0; t < slice.Tokens.Length; t++, row++)
            {
                int token = slice.Tokens.Span[t];
                if ((uint)token >= (uint)vocabularySize)
                {
                    throw new ArgumentException($"sequence {i} holds token {token}; the vocabulary has {vocabularySize}", nameof(batch));
                }

                int segment = slice.Segments.IsEmpty ? 0 : slice.Segments.Span[t];
                if ((uint)segment >= (uint)Math.Max(1, tokenTypes))
                {
                    throw new ArgumentException($"sequence {i} holds segment {segment}; the model tells {tokenTypes} apart", nameof(batch));
                }

                int position = slice.PastTokens + t;
                _segments[row] = segment;
                _tokens[row] = token;
                _positions[row] = position;
                _sequences[row] = i;
                _slots[row] = (blocks[position / PagedKvCache.BlockSize] * PagedKvCache.BlockSize) + (position % PagedKvCache.BlockSize);
                if (t >= firstLogit)
                {
                    _logitTokens[logitRow++] = row;
                }
            }
        }
    }

    private static void CheckSlice(int index, SequenceSlice slice, ReadOnlySpan<int> blocks, int contextTokens, int blockCount)
    {
        int end = slice.PastTokens + slice.Tokens.Length;
        if (end > contextTokens)
        {
            throw new ArgumentException(
                $"sequence {index} would be {end} tokens long; the model was loaded for {contextTokens}", nameof(slice));
        }

        int needed = (end + PagedKvCache.BlockSize - 1) / PagedKvCache.BlockSize;
        if (blocks.Length < needed)
        {
            throw new ArgumentException(
                $"sequence {index} of {end} tokens needs {needed} cache blocks; its table has {blocks.Length}", nameof(slice));
        }

        foreach (int block in blocks[..needed])
        {
            if ((uint)block >= (uint)blockCount)
            {
                throw new ArgumentException($"sequence {index} names cache block {block}; the cache has {blockCount}", nameof(slice));
            }
        }
    }

    private static void Grow(ref int[] array, int length)
    {
        if (array.Length < length)
        {
            array = new int[Math.Max(length, array.Length * 2)];
        }
    }
}
