using System.Collections;

namespace Inferometer.Scheduling;

/// <summary>
/// A binary heap whose members know their places, so that adding, taking the first and taking any other out all cost O(log n): a
/// queue of a hundred thousand is no slower to fill than one of ten. As a list: the first is first, the others are in no particular order.
/// </summary>
internal sealed class SequenceHeap<TOrder> : IReadOnlyList<Sequence>
    where TOrder : struct, ISequenceOrder
{
    private readonly List<Sequence> _items = [];

    public int Count => _items.Count;

    public Sequence First => _items[0];

    public Sequence this[int index] => _items[index];

    public void Add(Sequence sequence)
    {
        _items.Add(sequence);
        Rise(sequence, _items.Count - 1);
    }

    /// <returns>False when it is not in here.</returns>
    public bool Remove(Sequence sequence)
    {
        int slot = TOrder.SlotOf(sequence);
        if (slot < 0)
        {
            return false;
        }

        TOrder.SetSlot(sequence, -1);
        Sequence last = _items[^1];
        _items.RemoveAt(_items.Count - 1);
        if (slot < _items.Count)
        {
            Rise(last, slot);
            Sink(last, TOrder.SlotOf(last));
        }

        return true;
    }

    /// <summary>Takes all out.</summary>
    public void Clear()
    {
        foreach (Sequence sequence in _items)
        {
            TOrder.SetSlot(sequence, -1);
        }

        _items.Clear();
    }

    public IEnumerator<Sequence> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Rise(Sequence sequence, int slot)
    {
        while (slot > 0 && TOrder.IsBefore(sequence, _items[(slot - 1) / 2]))
        {
            Put(_items[(slot - 1) / 2], slot);
            slot = (slot - 1) / 2;
        }

        Put(sequence, slot);
    }

    private void Sink(Sequence sequence, int slot)
    {
        while (true)
        {
            int child = (2 * slot) + 1;
            if (child + 1 < _items.Count && TOrder.IsBefore(_items[child + 1], _items[child]))
            {
                child++;
            }

            if (child >= _items.Count || !TOrder.IsBefore(_items[child], sequence))
            {
                break;
            }

            Put(_items[child], slot);
            slot = child;
        }

        Put(sequence, slot);
    }

    private void Put(Sequence sequence, int slot)
    {
        _items[slot] = sequence;
        TOrder.SetSlot(sequence, slot);
    }
}
