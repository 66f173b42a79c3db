using System.Globalization;
using System.Text;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// SentencePiece's byte-pair segmentation: neighbours whose joined text is a piece are merged, the piece with the
/// highest score first and the leftmost among equals; characters without a piece become bytes, else the unknown token.
/// </summary>
internal sealed class ScoredPieceModel : SymbolModel
{
    private readonly PieceLookup _pieces;
    private readonly int[] _ranks;
    private readonly int[] _byteIds;
    private readonly int? _unknownId;

    public ScoredPieceModel(Vocabulary vocabulary, float[] scores, int? unknownId)
    {
        if (scores.Length != vocabulary.Size || scores.AsSpan().ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{vocabulary.Source}: {scores.Length} token scores for {vocabulary.Size} tokens; one finite score per token is needed."));
        }

        _pieces = new PieceLookup(vocabulary);
        _byteIds = vocabulary.ByteTokenIds();
        _unknownId = unknownId;
        _ranks = RanksOf(scores);
    }

    protected override int MostSymbols(ReadOnlySpan<char> piece) => piece.Length;

    protected override void Encode(ReadOnlySpan<char> piece, Span<Symbol> symbols, List<int> output)
    {
        int count = 0;
        int start = 0;
        foreach (Rune rune in piece.EnumerateRunes())
        {
            int length = rune.Utf16SequenceLength;
            int id = _pieces.TryGet(piece.Slice(start, length), out int found) ? found : -1;
            symbols[count++] = new Symbol { Start = start, Length = length, Id = id };
            start += length;
        }

        if (count == 0)
        {
            return;
        }

        symbols = symbols[..count];
        SymbolMerger.Link(symbols);
        SymbolMerger.Merge(symbols, new ScoreRule(this, piece));
        for (int i = 0; i >= 0; i = symbols[i].Next)
        {
            if (symbols[i].Id >= 0)
            {
                output.Add(symbols[i].Id);
            }
            else
            {
                AppendBytes(piece.Slice(symbols[i].Start, symbols[i].Length), output);
            }
        }
    }

    private void AppendBytes(ReadOnlySpan<char> character, List<int> output)
    {
        Span<byte> utf8 = stackalloc byte[4];
        int length = Encoding.UTF8.GetBytes(character, utf8);
        foreach (byte value in utf8[..length])
        {
            if ((_byteIds[value] >= 0 ? _byteIds[value] : _unknownId) is int id)
            {
                output.Add(id);
            }
        }
    }

    // Equal scores share a rank, so that the position decides between them.
    private static int[] RanksOf(float[] scores)
    {
        var order = new int[scores.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        float[] keys = [.. scores];
        Array.Sort(keys, order);
        var ranks = new int[scores.Length];
        int rank = 0;
        for (int i = order.Length - 1; i >= 0; i--)
        {
            ranks[order[i]] = i + 1 < order.Length && keys[i] != keys[i + 1] ? ++rank : rank;
        }

        return ranks;
    }

    private readonly ref struct ScoreRule(ScoredPieceModel model, ReadOnlySpan<char> text) : IMergeRule
    {
        private readonly ReadOnlySpan<char> _text = text;

        public bool TryMerge(in Symbol left, in Symbol right, out int rank, out int id)
        {
            bool found = model._pieces.TryGet(_text.Slice(left.Start, left.Length + right.Length), out id);
            rank = found ? model._ranks[id] : 0;
            return found;
        }
    }
}
