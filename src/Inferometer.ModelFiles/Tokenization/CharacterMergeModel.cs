using System.Text;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>How <see cref="CharacterMergeModel"/> treats characters the vocabulary lacks.</summary>
/// <param name="UnknownId">Stands for a missing character; null leaves it out.</param>
/// <param name="ByteFallback">A missing character becomes its UTF-8 bytes where all of them have tokens.</param>
/// <param name="FuseUnknown">Neighbouring missing characters become one unknown token.</param>
internal sealed record MissingCharacterRules(int? UnknownId, bool ByteFallback, bool FuseUnknown);

/// <summary>
/// Byte-pair encoding over characters with byte fallback: the form <c>tokenizer.json</c> gives to SentencePiece vocabularies.
/// </summary>
internal sealed class CharacterMergeModel(Vocabulary vocabulary, MergeTable merges, MissingCharacterRules missing, bool ignoreMerges)
    : SymbolModel
{
    private readonly PieceLookup _pieces = new(vocabulary);
    private readonly int[] _byteIds = vocabulary.ByteTokenIds();

    // A character is at most four bytes in at least one UTF-16 unit, three when it is one unit.
    protected override int MostSymbols(ReadOnlySpan<char> piece) => piece.Length * 3;

    protected override void Encode(ReadOnlySpan<char> piece, Span<Symbol> symbols, List<int> output)
    {
        if (ignoreMerges && _pieces.TryGet(piece, out int whole))
        {
            output.Add(whole);
            return;
        }

        int count = 0;
        bool afterUnknown = false;
        foreach (Rune rune in piece.EnumerateRunes())
        {
            int before = count;
            bool unknown = !Append(rune, symbols, ref count);
            if (unknown && missing.UnknownId is int id && !(afterUnknown && missing.FuseUnknown))
            {
                symbols[count++] = new Symbol { Length = 1, Id = id };
            }

            afterUnknown = unknown && (afterUnknown || count > before);
        }

        MergeInto(symbols[..count], merges, output);
    }

    private bool Append(Rune rune, Span<Symbol> symbols, ref int count)
    {
        Span<char> utf16 = stackalloc char[2];
        if (_pieces.TryGet(utf16[..rune.EncodeToUtf16(utf16)], out int id))
        {
            symbols[count++] = new Symbol { Length = 1, Id = id };
            return true;
        }

        Span<byte> utf8 = stackalloc byte[4];
        utf8 = utf8[..rune.EncodeToUtf8(utf8)];
        if (!missing.ByteFallback || !HasAll(utf8))
        {
            return false;
        }

        foreach (byte value in utf8)
        {
            symbols[count++] = new Symbol { Length = 1, Id = _byteIds[value] };
        }

        return true;
    }

    private bool HasAll(ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            if (_byteIds[value] < 0)
            {
                return false;
            }
        }

        return true;
    }
}
