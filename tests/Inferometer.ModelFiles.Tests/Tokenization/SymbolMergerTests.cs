using FsCheck;
using FsCheck.Fluent;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization;

public sealed class SymbolMergerTests
{
    [Fact]
    public void Heap_and_scan_merge_alike()
    {
        // Every pair of ids below 12 merges, with a rank that depends on both; products are ids of the same range.
        Arbitrary<int[]> symbols = Gen.Choose(0, 11).ArrayOf().ToArbitrary();
        Prop.ForAll(symbols, ids => Merged(ids, useHeap: false).SequenceEqual(Merged(ids, useHeap: true))).QuickCheckThrowOnFailure();
    }

    private static List<(int Start, int Length, int Id)> Merged(int[] ids, bool useHeap)
    {
        Symbol[] symbols = [.. ids.Select((id, at) => new Symbol { Start = at, Length = 1, Id = id })];
        List<(int, int, int)> result = [];
        if (symbols.Length == 0)
        {
            return result;
        }

        SymbolMerger.Link(symbols);
        if (useHeap)
        {
            SymbolMerger.MergeByHeap(symbols, default(ModularRule));
        }
        else
        {
            SymbolMerger.MergeByScan(symbols, default(ModularRule));
        }

        for (int i = 0; i >= 0; i = symbols[i].Next)
        {
            result.Add((symbols[i].Start, symbols[i].Length, symbols[i].Id));
        }

        return result;
    }

    private readonly struct ModularRule : IMergeRule
    {
        public bool TryMerge(in Symbol left, in Symbol right, out int rank, out int id)
        {
            rank = ((left.Id * 7) + (right.Id * 5)) % 9;
            id = ((left.Id * 3) + right.Id) % 12;
            return (left.Id + right.Id) % 3 != 0;
        }
    }
}
