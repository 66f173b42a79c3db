using System.Runtime.InteropServices;
using Inferometer.Core;
using Inferometer.Cpu.Kernels;
using Inferometer.Runners;

namespace Inferometer.Cpu.States;

/// <summary>
/// States of layers that keep no keys and values, beside the blocks of those that do. A state belongs to the block that held the last token
/// it has seen: a sequence goes on from the state of its last block, a prefix can be reused up to a block that has one, and a copied block
/// takes its state along. There are fewer states than blocks. Of a stretch of tokens two are kept: the one at its end, and the one at the
/// last block border before it.
/// </summary>
/// <remarks>Used by one thread but for the states of different sequences and layers, which several may change at once.</remarks>
internal sealed unsafe class StateCache : IDisposable
{
    private const int None = -1;

    private readonly NativeBuffer _memory;
    private readonly int _pageTokens;
    private readonly int[] _slotOfBlock;
    private readonly int[] _blockOfSlot;
    private readonly int[] _tokens;
    private readonly bool[] _isLatest;
    private readonly long[] _used;
    private readonly bool[] _isPinned;
    private int[] _targets = [];
    private int[] _borders = [];
    private int[] _sources = [];
    private long _step;

    /// <summary>Takes the memory.</summary>
    /// <param name="layout">What a state is made of.</param>
    /// <param name="blockCount">Blocks of the cache beside it.</param>
    /// <param name="slots">States at once, at least 1.</param>
    /// <param name="pageTokens">Tokens of a block.</param>
    public StateCache(StateLayout layout, int blockCount, int slots, int pageTokens)
    {
        Layout = layout;
        _pageTokens = pageTokens;
        _memory = new NativeBuffer(layout.Bytes * slots);
        _slotOfBlock = new int[blockCount];
        _blockOfSlot = new int[slots];
        _tokens = new int[slots];
        _isLatest = new bool[slots];
        _used = new long[slots];
        _isPinned = new bool[slots];
        Array.Fill(_slotOfBlock, None);
        Array.Fill(_blockOfSlot, None);
    }

    /// <summary>What a state is made of.</summary>
    public StateLayout Layout { get; }

    /// <summary>Bytes held.</summary>
    public long MemoryBytes => _memory.ByteCount;

    /// <summary>
    /// How many sequences use a block; a block that none uses may lose its state. Without an answer every block counts as used by one.
    /// </summary>
    public Func<int, int>? UsersOf { get; set; }

    /// <summary>
    /// Whether a sequence of <paramref name="tokens"/> tokens that ends with <paramref name="block"/> can be gone on with. The state is
    /// kept for it from then on.
    /// </summary>
    public bool CanResume(int block, int tokens)
    {
        int slot = _slotOfBlock[block];
        if (slot < 0 || _tokens[slot] != tokens)
        {
            return false;
        }

        _isLatest[slot] = true;
        return true;
    }

    /// <summary>Gives a block the state of another.</summary>
    public void CopyBlock(int source, int destination)
    {
        Release(destination);
        int from = _slotOfBlock[source];
        if (from < 0)
        {
            return;
        }

        _isPinned[from] = true;
        int to = Take(destination);
        _isPinned[from] = false;
        CopyState(from, to);
        (_tokens[to], _isLatest[to], _used[to]) = (_tokens[from], true, ++_step);
    }

    /// <summary>Finds or makes the states that the sequences of a step go on from.</summary>
    /// <exception cref="InferometerException">A sequence's state is gone.</exception>
    public void BeginStep(ForwardBatch batch)
    {
        Reserve(batch.Count);
        _step++;
        for (int i = 0; i < batch.Count; i++)
        {
            _sources[i] = SourceOf(batch[i]);
            if (_sources[i] >= 0)
            {
                _isPinned[_sources[i]] = true;
            }
        }

        for (int i = 0; i < batch.Count; i++)
        {
            Begin(i, batch[i]);
        }
    }

    /// <summary>The states that the step made stand.</summary>
    public void EndStep(ForwardBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            SequenceSlice slice = batch[i];
            int end = slice.PastTokens + slice.Tokens.Length;
            (_tokens[_targets[i]], _isLatest[_targets[i]]) = (end, true);
            if (_borders[i] >= 0)
            {
                _tokens[_borders[i]] = BorderBefore(end);
            }
        }

        Array.Clear(_isPinned);
    }

    /// <summary>State of a layer of a sequence of the step, to be changed in place.</summary>
    public Span<float> StateOf(int sequence, int layer) => Part(_targets[sequence], layer);

    /// <summary>
    /// Where a copy of a layer's state is to be left when so many tokens of the sequence were seen as <see cref="BorderOf"/> says; empty
    /// for none.
    /// </summary>
    public Span<float> BorderStateOf(int sequence, int layer) => _borders[sequence] < 0 ? [] : Part(_borders[sequence], layer);

    /// <summary>Tokens of a sequence up to the block border whose state is kept.</summary>
    public int BorderOf(SequenceSlice slice) => BorderBefore(slice.PastTokens + slice.Tokens.Length);

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private int BorderBefore(int end) => (end - 1) / _pageTokens * _pageTokens;

    private int SourceOf(SequenceSlice slice)
    {
        if (slice.PastTokens == 0)
        {
            return None;
        }

        int slot = _slotOfBlock[slice.BlockTable.Span[(slice.PastTokens - 1) / _pageTokens]];
        return slot >= 0 && _tokens[slot] == slice.PastTokens
            ? slot
            : throw new InferometerException(
                $"the state of a sequence after {slice.PastTokens} tokens is not there any more; more sequences were under way than "
                    + "states are kept for.");
    }

    private void Begin(int index, SequenceSlice slice)
    {
        ReadOnlySpan<int> blocks = slice.BlockTable.Span;
        int past = slice.PastTokens, end = past + slice.Tokens.Length, source = _sources[index];
        int border = BorderBefore(end), last = blocks[(end - 1) / _pageTokens];
        int borderBlock = border > past ? blocks[(border / _pageTokens) - 1] : None;
        int sourceBlock = source < 0 ? None : _blockOfSlot[source];

        // What blocks held before these tokens are written to them is of no use any more.
        for (int block = (past + _pageTokens - 1) / _pageTokens; block * _pageTokens < end; block++)
        {
            if (blocks[block] != sourceBlock)
            {
                Release(blocks[block]);
            }
        }

        int target = sourceBlock == last ? source : TryTake(last);
        if (target < 0 && source >= 0 && (UsersOf?.Invoke(sourceBlock) ?? 1) <= 1)
        {
            target = source;
            Move(source, last);
        }

        if (target < 0)
        {
            throw new InferometerException($"there is no room for the state of a sequence; {_blockOfSlot.Length} are kept.");
        }

        _isPinned[target] = true;
        if (source < 0)
        {
            NativeMemory.Clear(_memory.Address + (target * Layout.Bytes), checked((nuint)Layout.Bytes));
        }
        else if (source != target)
        {
            CopyState(source, target);
            Leave(source, sourceBlock, past, borderBlock);
        }

        (_targets[index], _tokens[target], _used[target]) = (target, None, _step);
        _borders[index] = borderBlock < 0 ? None : _slotOfBlock[borderBlock] >= 0 ? _slotOfBlock[borderBlock] : TryTake(borderBlock);
        if (_borders[index] >= 0)
        {
            _isPinned[_borders[index]] = true;
            (_tokens[_borders[index]], _isLatest[_borders[index]], _used[_borders[index]]) = (None, false, _step);
        }
    }

    // At a block border the state stays for others to begin with; in the middle of a block it is of no use once the block is full.
    private void Leave(int source, int sourceBlock, int past, int borderBlock)
    {
        if (past % _pageTokens != 0 && sourceBlock != borderBlock)
        {
            Release(sourceBlock);
            return;
        }

        _isLatest[source] &= (UsersOf?.Invoke(sourceBlock) ?? 1) > 1;
    }

    private int Take(int block)
    {
        int slot = TryTake(block);
        return slot >= 0 ? slot
            : throw new InferometerException($"there is no room for the state of a sequence; {_blockOfSlot.Length} are kept.");
    }

    /// <summary>A state for a block: one that nobody has, or the one that is missed least.</summary>
    private int TryTake(int block)
    {
        int best = None;
        int bestRank = int.MaxValue;
        for (int slot = 0; slot < _blockOfSlot.Length; slot++)
        {
            int rank = RankOf(slot);
            if (rank < bestRank || (rank == bestRank && rank < int.MaxValue && _used[slot] < _used[best]))
            {
                (best, bestRank) = (slot, rank);
            }
        }

        if (best < 0)
        {
            return None;
        }

        if (_blockOfSlot[best] >= 0)
        {
            _slotOfBlock[_blockOfSlot[best]] = None;
        }

        (_blockOfSlot[best], _slotOfBlock[block], _tokens[best], _isLatest[best]) = (block, best, None, false);
        return best;
    }

    // What no sequence has first; then what one has passed; then what several share, one of which may not have passed it.
    private int RankOf(int slot)
    {
        if (_isPinned[slot])
        {
            return int.MaxValue;
        }

        if (_blockOfSlot[slot] < 0)
        {
            return 0;
        }

        int users = UsersOf?.Invoke(_blockOfSlot[slot]) ?? 1;
        return users == 0 ? 1 : !_isLatest[slot] ? 2 : users > 1 ? 3 : int.MaxValue;
    }

    private void Move(int slot, int block)
    {
        _slotOfBlock[_blockOfSlot[slot]] = None;
        (_blockOfSlot[slot], _slotOfBlock[block]) = (block, slot);
    }

    private void Release(int block)
    {
        int slot = _slotOfBlock[block];
        if (slot >= 0)
        {
            (_slotOfBlock[block], _blockOfSlot[slot], _tokens[slot], _isLatest[slot]) = (None, None, None, false);
        }
    }

    private void CopyState(int from, int to) => Buffer.MemoryCopy(
        _memory.Address + (from * Layout.Bytes), _memory.Address + (to * Layout.Bytes), Layout.Bytes, Layout.Bytes);

    private Span<float> Part(int slot, int layer) => new(
        (float*)_memory.Address + (slot * Layout.Floats) + Layout.OffsetOf(layer), checked((int)Layout.FloatsOf(layer)));

    private void Reserve(int sequences)
    {
        if (_targets.Length < sequences)
        {
            _targets = new int[sequences];
            _borders = new int[sequences];
            _sources = new int[sequences];
        }
    }
}
