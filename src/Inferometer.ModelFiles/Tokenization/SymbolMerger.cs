using System.Runtime.InteropServices;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>A stretch of the text being merged, linked to its neighbours; a length of zero marks one that was absorbed.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct Symbol
{
    public int Start;
    public int Length;
    public int Id;
    public int Previous;
    public int Next;
}

/// <summary>Says whether two neighbours merge, how early (lower rank first) and into which token.</summary>
internal interface IMergeRule
{
    bool TryMerge(in Symbol left, in Symbol right, out int rank, out int id);
}

/// <summary>
/// Repeats the best merge (lowest rank, then leftmost) until none is left. Short words are scanned, long ones use a
/// heap, so that a run of n symbols costs O(n log n) however long it is.
/// </summary>
internal static class SymbolMerger
{
    /// <summary>Below this a scan over the symbols beats keeping a heap.</summary>
    public const int LongestScanned = 24;

    /// <summary>Links the symbols in order; they must lie one after another in the text.</summary>
    public static void Link(Span<Symbol> symbols)
    {
        for (int i = 0; i < symbols.Length; i++)
        {
            symbols[i].Previous = i - 1;
            symbols[i].Next = i + 1 < symbols.Length ? i + 1 : -1;
        }
    }

    /// <summary>Merges in place; what remains is the chain from symbol 0 along <see cref="Symbol.Next"/>.</summary>
    public static void Merge<TRule>(Span<Symbol> symbols, TRule rule)
        where TRule : struct, IMergeRule, allows ref struct
    {
        if (symbols.Length <= LongestScanned)
        {
            MergeByScan(symbols, rule);
        }
        else
        {
            MergeByHeap(symbols, rule);
        }
    }

    public static void MergeByScan<TRule>(Span<Symbol> symbols, TRule rule)
        where TRule : struct, IMergeRule, allows ref struct
    {
        Span<int> ranks = stackalloc int[symbols.Length];
        Span<int> ids = stackalloc int[symbols.Length];
        for (int i = 0; i < symbols.Length; i++)
        {
            Rank(symbols, rule, i, ranks, ids);
        }

        while (true)
        {
            int best = -1;
            for (int i = 0; i >= 0 && i < symbols.Length; i = symbols[i].Next)
            {
                if (ranks[i] != int.MaxValue && (best < 0 || ranks[i] < ranks[best]))
                {
                    best = i;
                }
            }

            if (best < 0)
            {
                return;
            }

            Absorb(symbols, best, ids[best]);
            Rank(symbols, rule, best, ranks, ids);
            if (symbols[best].Previous >= 0)
            {
                Rank(symbols, rule, symbols[best].Previous, ranks, ids);
            }
        }
    }

    public static void MergeByHeap<TRule>(Span<Symbol> symbols, TRule rule)
        where TRule : struct, IMergeRule, allows ref struct
    {
        var heap = new PriorityQueue<Candidate, ulong>(symbols.Length);
        for (int i = 0; i + 1 < symbols.Length; i++)
        {
            Enqueue(symbols, rule, i, heap);
        }

        while (heap.TryDequeue(out Candidate candidate, out _))
        {
            ref readonly Symbol left = ref symbols[candidate.Left];
            if (left.Length != candidate.LeftLength || left.Next < 0 || symbols[left.Next].Length != candidate.RightLength)
            {
                continue; // one of the two was merged with another since
            }

            Absorb(symbols, candidate.Left, candidate.Id);
            Enqueue(symbols, rule, candidate.Left, heap);
            if (left.Previous >= 0)
            {
                Enqueue(symbols, rule, left.Previous, heap);
            }
        }
    }

    private static void Rank<TRule>(Span<Symbol> symbols, TRule rule, int index, Span<int> ranks, Span<int> ids)
        where TRule : struct, IMergeRule, allows ref struct
    {
        int next = symbols[index].Next;
        if (next < 0 || !rule.TryMerge(symbols[index], symbols[next], out ranks[index], out ids[index]))
        {
            ranks[index] = int.MaxValue;
        }
    }

    private static void Enqueue<TRule>(Span<Symbol> symbols, TRule rule, int index, PriorityQueue<Candidate, ulong> heap)
        where TRule : struct, IMergeRule, allows ref struct
    {
        int next = symbols[index].Next;
        if (next >= 0 && rule.TryMerge(symbols[index], symbols[next], out int rank, out int id))
        {
            heap.Enqueue(new Candidate(index, symbols[index].Length, symbols[next].Length, id), ((ulong)(uint)rank << 32) | (uint)index);
        }
    }

    private static void Absorb(Span<Symbol> symbols, int left, int id)
    {
        int right = symbols[left].Next;
        symbols[left].Id = id;
        symbols[left].Length += symbols[right].Length;
        symbols[left].Next = symbols[right].Next;
        symbols[right].Length = 0;
        if (symbols[left].Next >= 0)
        {
            symbols[symbols[left].Next].Previous = left;
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Candidate(int Left, int LeftLength, int RightLength, int Id);
}
