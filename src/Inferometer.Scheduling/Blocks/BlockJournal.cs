using System.Runtime.InteropServices;

namespace Inferometer.Scheduling.Blocks;

/// <summary>
/// What a step did to a pool and its tables, in order, so that it can be taken back, last first. Its storage is reused from step to
/// step.
/// </summary>
internal sealed class BlockJournal
{
    private readonly List<Entry> _entries = [];

    /// <summary>True between the beginning and the end of a step.</summary>
    public bool IsOpen { get; private set; }

    public int Count => _entries.Count;

    public Entry this[int index] => _entries[index];

    public void Open() => IsOpen = true;

    public void Close()
    {
        IsOpen = false;
        _entries.Clear();
    }

    public void Note(BlockEvent what, int block, int value)
    {
        if (IsOpen)
        {
            _entries.Add(new Entry(what, block, value, null));
        }
    }

    public void Note(BlockEvent what, BlockTable table, int index, int block)
    {
        if (IsOpen)
        {
            _entries.Add(new Entry(what, block, index, table));
        }
    }

    /// <param name="What">Kind of change.</param>
    /// <param name="Block">The block changed, or the one that was in the table before.</param>
    /// <param name="Value">What was there before: filled slots, an older neighbour; for a table, the index.</param>
    /// <param name="Table">The table changed; null for the pool.</param>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Entry(BlockEvent What, int Block, int Value, BlockTable? Table);
}
