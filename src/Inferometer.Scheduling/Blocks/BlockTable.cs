namespace Inferometer.Scheduling.Blocks;

/// <summary>The blocks of one sequence, in order of position. Holds one reference on each. Grow-only storage; not thread-safe.</summary>
public sealed class BlockTable
{
    private readonly BlockPool _pool;
    private int[] _blocks = new int[8];

    /// <summary>Creates an empty table over a pool.</summary>
    public BlockTable(BlockPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        _pool = pool;
    }

    /// <summary>Blocks held.</summary>
    public int Count { get; private set; }

    /// <summary>The block ids in order; valid until the table changes.</summary>
    public ReadOnlyMemory<int> Blocks => _blocks.AsMemory(0, Count);

    /// <summary>Block at an index.</summary>
    public int this[int index] => _blocks[index];

    /// <summary>Takes blocks until <paramref name="tokens"/> tokens fit.</summary>
    /// <returns>False, with nothing more taken than before, when the pool has too few.</returns>
    public bool TryGrow(int tokens)
    {
        int target = _pool.BlocksFor(tokens);
        if (target - Count > _pool.AvailableBlocks)
        {
            return false;
        }

        while (Count < target)
        {
            Add(_pool.TryAllocate());
        }

        return true;
    }

    /// <summary>Adds a block that is published, taking a reference on it.</summary>
    public void AddShared(int block)
    {
        _pool.AddReference(block);
        Add(block);
    }

    /// <summary>Makes this table a second user of another's blocks, giving up its own.</summary>
    public void ShareFrom(BlockTable other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (int i = 0; i < other.Count; i++)
        {
            _pool.AddReference(other._blocks[i]); // before the release: the tables may share blocks already
        }

        Truncate(0);
        for (int i = 0; i < other.Count; i++)
        {
            Add(other._blocks[i]);
        }
    }

    /// <summary>Number of blocks from <paramref name="first"/> up to the table's end that somebody else uses too.</summary>
    public int CountShared(int first)
    {
        int shared = 0;
        for (int i = first; i < Count; i++)
        {
            shared += _pool.ReferenceCount(_blocks[i]) > 1 ? 1 : 0;
        }

        return shared;
    }

    /// <summary>Replaces a shared block by a fresh one of its own, before a write; the pool must have one available.</summary>
    /// <returns>The block that was given up and the new one.</returns>
    public BlockCopy Replace(int index)
    {
        int source = _blocks[index];
        int target = _pool.TryAllocate();
        if (target < 0)
        {
            throw new InvalidOperationException("no block is available for a copy on write");
        }

        _pool.Release(source);
        _pool.Journal.Note(BlockEvent.TableReplaced, this, index, source);
        _blocks[index] = target;
        _pool.CountCopy();
        return new BlockCopy(source, target);
    }

    /// <summary>
    /// Gives blocks back, last first (so that the end of a cached prefix is evicted before its beginning), until
    /// <paramref name="count"/> are left.
    /// </summary>
    public void Truncate(int count)
    {
        while (Count > count)
        {
            int block = _blocks[--Count];
            _pool.Release(block);
            _pool.Journal.Note(BlockEvent.TableShrank, this, Count, block);
        }
    }

    /// <summary>Undoes one change; the pool undoes what it did to the blocks.</summary>
    internal void Undo(BlockJournal.Entry entry)
    {
        switch (entry.What)
        {
            case BlockEvent.TableGrew:
                Count--;
                break;
            case BlockEvent.TableShrank:
                _blocks[Count++] = entry.Block;
                break;
            case BlockEvent.TableReplaced:
                _blocks[entry.Value] = entry.Block;
                break;
            default:
                throw new InvalidOperationException($"{entry.What} is no change of a table");
        }
    }

    private void Add(int block)
    {
        if (Count == _blocks.Length)
        {
            Array.Resize(ref _blocks, Count * 2);
        }

        _pool.Journal.Note(BlockEvent.TableGrew, this, Count, block);
        _blocks[Count++] = block;
    }
}
