namespace Inferometer.Scheduling.Blocks;

/// <content>Taking back what a step did.</content>
public sealed partial class BlockPool
{
    private readonly BlockJournal _journal = new();
    private readonly int[] _handedOutIn;
    private int _journalNumber;
    private BlockPoolStatistics _statisticsBefore;
    private long _filledSlotsBefore;

    /// <summary>Noted by this pool and by the tables over it.</summary>
    internal BlockJournal Journal => _journal;

    /// <summary>
    /// Goes up whenever a cached block is evicted, forgotten, taken into use or given back: what was counted of a prefix's blocks may
    /// be otherwise then.
    /// </summary>
    internal long PrefixVersion { get; private set; }

    /// <summary>Prefix blocks looked for since the pool was made.</summary>
    internal long Searches { get; private set; }

    /// <summary>Whether some block is published under a hash; what else it is of is not looked at.</summary>
    internal bool IsPublished(UInt128 hash) => _index.Find(hash) != None;

    /// <summary>From here on every change can be taken back, until it is kept or taken back.</summary>
    internal void BeginJournal()
    {
        _journal.Open();
        _journalNumber++;
        _statisticsBefore = Statistics;
        _filledSlotsBefore = _filledSlots;
    }

    /// <summary>The changes since <see cref="BeginJournal"/> stand.</summary>
    internal void Keep() => _journal.Close();

    /// <summary>
    /// Undoes every change since <see cref="BeginJournal"/>, order of eviction and of the free list included. Where blocks may have
    /// been written meanwhile, the prefixes that were evicted from them are not brought back: their contents may be gone.
    /// </summary>
    internal void TakeBack(bool blocksUntouched)
    {
        bool mustForget = !blocksUntouched && _evictions > _statisticsBefore.Evictions;
        for (int i = _journal.Count - 1; i >= 0; i--)
        {
            BlockJournal.Entry entry = _journal[i];
            if (entry.Table is { } table)
            {
                table.Undo(entry);
            }
            else
            {
                Undo(entry);
            }
        }

        _journal.Close();
        PrefixVersion++;
        _filledSlots = _filledSlotsBefore;
        _allocations = _statisticsBefore.Allocations;
        _hits = _statisticsBefore.Hits;
        _misses = _statisticsBefore.Misses;
        _evictions = _statisticsBefore.Evictions;
        _copies = _statisticsBefore.CopiesOnWrite;
        _peakUsed = _statisticsBefore.PeakUsedBlocks;
        if (mustForget)
        {
            ForgetOverwritten();
        }
    }

    /// <summary>True when the last journalled step handed this block out to be written, whether or not that was taken back.</summary>
    internal bool WasHandedOut(int block) => _handedOutIn[block] == _journalNumber;

    private void ForgetOverwritten()
    {
        for (int block = 0; block < BlockCount; block++)
        {
            if (!_published[block] || !WasHandedOut(block))
            {
                continue;
            }

            Withdraw(block);
            if (_references[block] == 0)
            {
                Unlink(block);
                _free[_freeCount++] = block;
            }
        }
    }

    private void Undo(BlockJournal.Entry entry)
    {
        int block = entry.Block;
        switch (entry.What)
        {
            case BlockEvent.TakenFree:
                _references[block] = 0;
                _filled[block] = entry.Value;
                _free[_freeCount++] = block;
                break;
            case BlockEvent.Evicted:
                _references[block] = 0;
                _filled[block] = entry.Value;
                _published[block] = true; // hash and tokens are still there: only the end of a step publishes
                _index.TryAdd(_hash[block], block);
                LinkAfter(block, None);
                break;
            case BlockEvent.Shared:
                _references[block]--;
                break;
            case BlockEvent.Revived:
                _references[block] = 0;
                LinkAfter(block, entry.Value);
                break;
            case BlockEvent.Unshared:
                _references[block]++;
                break;
            case BlockEvent.Freed:
                _references[block] = 1;
                _freeCount--;
                break;
            case BlockEvent.Cached:
                _references[block] = 1;
                Unlink(block);
                break;
            case BlockEvent.Filled:
                _filled[block] = entry.Value;
                break;
            default:
                throw new InvalidOperationException($"{entry.What} is no change of a pool");
        }
    }
}
