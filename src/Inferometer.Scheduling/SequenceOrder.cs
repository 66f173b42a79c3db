namespace Inferometer.Scheduling;

/// <summary>An order of sequences and where a <see cref="SequenceHeap{TOrder}"/> of that order notes the place of each.</summary>
internal interface ISequenceOrder
{
    static abstract bool IsBefore(Sequence a, Sequence b);

    static abstract int SlotOf(Sequence sequence);

    static abstract void SetSlot(Sequence sequence, int slot);
}

/// <summary>The most urgent first; equal ones in order of submission.</summary>
internal readonly struct ByUrgency : ISequenceOrder
{
    public static bool IsBefore(Sequence a, Sequence b) => a.OrderKey < b.OrderKey || (a.OrderKey == b.OrderKey && a.Id < b.Id);

    public static int SlotOf(Sequence sequence) => sequence.WaitingSlot;

    public static void SetSlot(Sequence sequence, int slot) => sequence.WaitingSlot = slot;
}

/// <summary>The earliest deadline first; equal ones in order of submission.</summary>
internal readonly struct ByDeadline : ISequenceOrder
{
    public static bool IsBefore(Sequence a, Sequence b)
    {
        double first = a.Request.DeadlineSeconds!.Value;
        double second = b.Request.DeadlineSeconds!.Value;
        return first < second || (first == second && a.Id < b.Id);
    }

    public static int SlotOf(Sequence sequence) => sequence.DeadlineSlot;

    public static void SetSlot(Sequence sequence, int slot) => sequence.DeadlineSlot = slot;
}

/// <summary>The one whose last step comes first; of those with the same one, the most urgent.</summary>
internal readonly struct ByEnd : ISequenceOrder
{
    public static bool IsBefore(Sequence a, Sequence b) => a.EndStep < b.EndStep || (a.EndStep == b.EndStep && ByUrgency.IsBefore(a, b));

    public static int SlotOf(Sequence sequence) => sequence.EndSlot;

    public static void SetSlot(Sequence sequence, int slot) => sequence.EndSlot = slot;
}
