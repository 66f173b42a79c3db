using System.Buffers;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>A model that starts out from symbols and joins neighbours, in scratch space that short pieces have on the stack.</summary>
internal abstract class SymbolModel : TokenModel
{
    private const int StackSymbols = 128;

    /// <inheritdoc/>
    public sealed override void Encode(ReadOnlySpan<char> piece, List<int> output)
    {
        int most = MostSymbols(piece);
        if (most <= StackSymbols)
        {
            Span<Symbol> symbols = stackalloc Symbol[StackSymbols];
            Encode(piece, symbols, output);
            return;
        }

        if (most > LongestPooled)
        {
            Encode(piece, GC.AllocateUninitializedArray<Symbol>(most), output);
            return;
        }

        Symbol[] rented = ArrayPool<Symbol>.Shared.Rent(most);
        Encode(piece, rented, output);
        ArrayPool<Symbol>.Shared.Return(rented);
    }

    /// <summary>An upper bound on the number of symbols a piece starts out as.</summary>
    protected abstract int MostSymbols(ReadOnlySpan<char> piece);

    /// <summary>Appends the tokens of a piece, using at least <see cref="MostSymbols"/> places of scratch space.</summary>
    protected abstract void Encode(ReadOnlySpan<char> piece, Span<Symbol> symbols, List<int> output);

    /// <summary>Merges by pairs and appends what remains.</summary>
    protected static void MergeInto(Span<Symbol> symbols, MergeTable merges, List<int> output)
    {
        if (symbols.IsEmpty)
        {
            return;
        }

        SymbolMerger.Link(symbols);
        SymbolMerger.Merge(symbols, new PairRule(merges));
        for (int i = 0; i >= 0; i = symbols[i].Next)
        {
            output.Add(symbols[i].Id);
        }
    }
}
