using System.Runtime.CompilerServices;

namespace Inferometer.Scheduling.Blocks;

/// <summary>
/// The fixed pool of KV blocks, without the tensors in them. A block is free, used (one or more references) or cached (no
/// reference, but its contents are published under a prefix hash and may be reused until evicted, least recently used first).
/// Always: free + cached + used = <see cref="BlockCount"/>. Not thread-safe: the scheduler's thread owns it. Allocates nothing after
/// construction, but for the notes by which a scheduler's step can be taken back, whose storage is kept.
/// </summary>
public sealed partial class BlockPool
{
    private const int None = -1;

    private readonly int[] _references;
    private readonly int[] _filled;
    private readonly int[] _free;
    private readonly int[] _older;
    private readonly int[] _newer;
    private readonly bool[] _published;
    private readonly UInt128[] _hash;
    private readonly UInt128[] _parent;
    private readonly int[] _tokens;
    private readonly PrefixIndex _index;
    private int _freeCount;
    private int _cachedCount;
    private int _oldest = None;
    private int _newest = None;
    private long _filledSlots;
    private long _allocations;
    private long _hits;
    private long _misses;
    private long _evictions;
    private long _copies;
    private int _peakUsed;

    /// <summary>Creates a pool with every block free.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1.</exception>
    public BlockPool(BlockPoolOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BlockCount, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BlockSize, 1, nameof(options));
        BlockCount = options.BlockCount;
        BlockSize = options.BlockSize;
        PrefixCaching = options.PrefixCaching;
        HashSeed = options.HashSeed;
        _references = new int[BlockCount];
        _filled = new int[BlockCount];
        _free = new int[BlockCount];
        _handedOutIn = new int[BlockCount];
        _freeCount = BlockCount;
        for (int i = 0; i < BlockCount; i++)
        {
            _free[i] = BlockCount - 1 - i;
        }

        int cacheable = PrefixCaching ? BlockCount : 0;
        _older = new int[cacheable];
        _newer = new int[cacheable];
        _published = new bool[BlockCount];
        _hash = new UInt128[cacheable];
        _parent = new UInt128[cacheable];
        _tokens = new int[(long)cacheable * BlockSize];
        _index = new PrefixIndex(_hash);
    }

    /// <summary>Blocks in the pool.</summary>
    public int BlockCount { get; }

    /// <summary>Tokens a block holds.</summary>
    public int BlockSize { get; }

    /// <summary>Whether full blocks are kept for reuse.</summary>
    public bool PrefixCaching { get; }

    /// <summary>Seed of the hash chain.</summary>
    public ulong HashSeed { get; }

    /// <summary>Blocks that hold nothing.</summary>
    public int FreeBlocks => _freeCount;

    /// <summary>Blocks nobody uses whose contents may be reused.</summary>
    public int CachedBlocks => _cachedCount;

    /// <summary>Blocks with at least one reference.</summary>
    public int UsedBlocks => BlockCount - _freeCount - _cachedCount;

    /// <summary>Blocks that can be handed out now: free and cached ones.</summary>
    public int AvailableBlocks => _freeCount + _cachedCount;

    /// <summary>Token slots of used blocks that hold a token; a shared block counts once.</summary>
    public long FilledSlots => _filledSlots;

    /// <summary>Filled over allocated slots of the used blocks, 0..1; 1 when none is used.</summary>
    public double SlotUtilisation => UsedBlocks == 0 ? 1 : (double)_filledSlots / ((long)UsedBlocks * BlockSize);

    /// <summary>Counts since construction.</summary>
    public BlockPoolStatistics Statistics => new()
    {
        Allocations = _allocations,
        Hits = _hits,
        Misses = _misses,
        Evictions = _evictions,
        CopiesOnWrite = _copies,
        PeakUsedBlocks = _peakUsed,
    };

    /// <summary>Blocks that <paramref name="tokens"/> tokens occupy.</summary>
    public int BlocksFor(int tokens) => (int)(((long)tokens + BlockSize - 1) / BlockSize);

    /// <summary>References a block has.</summary>
    public int ReferenceCount(int block) => _references[block];

    /// <summary>Takes a block to write, with one reference; evicts the least recently used cached block when none is free.</summary>
    /// <returns>The block, or -1 when every block is used.</returns>
    public int TryAllocate()
    {
        int block;
        if (_freeCount > 0)
        {
            block = _free[--_freeCount];
            _journal.Note(BlockEvent.TakenFree, block, _filled[block]);
        }
        else if (_oldest != None)
        {
            block = _oldest;
            Unlink(block);
            Withdraw(block);
            _evictions++;
            _journal.Note(BlockEvent.Evicted, block, _filled[block]);
        }
        else
        {
            return None;
        }

        _references[block] = 1;
        _filled[block] = 0;
        _handedOutIn[block] = _journalNumber;
        _allocations++;
        _peakUsed = Math.Max(_peakUsed, UsedBlocks);
        return block;
    }

    /// <summary>Adds a user to a block that is used or cached.</summary>
    /// <exception cref="InvalidOperationException">The block is free.</exception>
    public void AddReference(int block)
    {
        if (_references[block] == 0)
        {
            if (!_published[block])
            {
                ThrowFree(block);
            }

            _journal.Note(BlockEvent.Revived, block, _older[block]);
            Unlink(block);
            PrefixVersion++;
            _filledSlots += _filled[block];
            _peakUsed = Math.Max(_peakUsed, UsedBlocks);
        }
        else
        {
            _journal.Note(BlockEvent.Shared, block, 0);
        }

        _references[block]++;
    }

    /// <summary>Takes a user away. The last one leaves the block cached when its contents are published, otherwise free.</summary>
    /// <exception cref="InvalidOperationException">The block has no users.</exception>
    public void Release(int block)
    {
        if (_references[block] == 0)
        {
            ThrowFree(block);
        }

        if (--_references[block] > 0)
        {
            _journal.Note(BlockEvent.Unshared, block, 0);
            return;
        }

        _filledSlots -= _filled[block];
        if (_published[block])
        {
            LinkAfter(block, _newest);
            PrefixVersion++;
            _journal.Note(BlockEvent.Cached, block, 0);
        }
        else
        {
            _free[_freeCount++] = block;
            _journal.Note(BlockEvent.Freed, block, 0);
        }
    }

    /// <summary>Notes how many of a used block's slots hold tokens.</summary>
    public void SetFilled(int block, int tokens)
    {
        _journal.Note(BlockEvent.Filled, block, _filled[block]);
        _filledSlots += tokens - _filled[block];
        _filled[block] = tokens;
    }

    /// <summary>
    /// Makes a full, used block findable. Where another block already holds the same prefix, that one stays the findable one
    /// and this one returns to the free list when released.
    /// </summary>
    /// <param name="block">A used block whose keys and values are complete.</param>
    /// <param name="parent">Hash of the prefix before it.</param>
    /// <param name="hash">Hash of the prefix up to its end.</param>
    /// <param name="tokens">Its <see cref="BlockSize"/> tokens.</param>
    public void Publish(int block, UInt128 parent, UInt128 hash, ReadOnlySpan<int> tokens)
    {
        if (!PrefixCaching || _published[block] || !_index.TryAdd(hash, block))
        {
            return;
        }

        _published[block] = true;
        _parent[block] = parent;
        tokens.CopyTo(_tokens.AsSpan(block * BlockSize, BlockSize));
    }

    /// <summary>Finds the block published for a prefix, its token ids compared; takes no reference and counts nothing.</summary>
    /// <returns>The block, or -1.</returns>
    public int Find(UInt128 parent, UInt128 hash, ReadOnlySpan<int> tokens)
    {
        Searches++;
        int block = PrefixCaching ? _index.Find(hash) : None;
        return block != None && _parent[block] == parent && tokens.SequenceEqual(_tokens.AsSpan(block * BlockSize, BlockSize))
            ? block
            : None;
    }

    /// <summary>Counts the outcome of one request's prefix lookup.</summary>
    internal void CountLookup(int hits, int misses)
    {
        _hits += hits;
        _misses += misses;
    }

    /// <summary>Counts one copy on write.</summary>
    internal void CountCopy() => _copies++;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowFree(int block) => throw new InvalidOperationException($"block {block} is not in use");
}
