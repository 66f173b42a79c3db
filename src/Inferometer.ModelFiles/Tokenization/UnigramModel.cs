using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// SentencePiece's unigram model: of all ways to cut a text into tokens the one with the highest sum of log-probabilities (Kudo 2018,
/// "Subword regularization"), found by Viterbi's algorithm. A character that no token begins with costs more than the least probable token;
/// neighbouring ones become their bytes, where the vocabulary has those, or one unknown token.
/// </summary>
internal sealed class UnigramModel : TokenModel
{
    // kUnkPenalty of SentencePiece's unigram_model.cc.
    private const double UnknownPenalty = 10;

    private readonly PieceTrie _pieces;
    private readonly double[] _scores;
    private readonly int[]? _byteIds;
    private readonly int? _unknownId;
    private readonly double _unknownScore;

    public UnigramModel(Vocabulary vocabulary, double[] scores, int? unknownId, bool byteFallback)
    {
        if (scores.Length != vocabulary.Size || !Array.TrueForAll(scores, double.IsFinite))
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{vocabulary.Source}: {scores.Length} token scores for {vocabulary.Size} tokens; one finite score per token is needed."));
        }

        _pieces = new PieceTrie(vocabulary);
        _scores = scores;
        _unknownId = unknownId;
        _unknownScore = scores.Min() - UnknownPenalty;
        int[] bytes = vocabulary.ByteTokenIds();
        _byteIds = byteFallback && Array.TrueForAll(bytes, id => id >= 0) ? bytes : null;
    }

    public override void Encode(ReadOnlySpan<char> piece, List<int> output)
    {
        bool isPooled = piece.Length < LongestPooled;
        Place[] places = isPooled ? ArrayPool<Place>.Shared.Rent(piece.Length + 1) : new Place[piece.Length + 1];
        FindBest(piece, places);

        // The way back from the end gives the tokens in reverse.
        int first = output.Count;
        int unknownEnd = -1;
        for (int end = piece.Length; end > 0; end = places[end].Start)
        {
            bool isUnknown = places[end].Id < 0;
            if (isUnknown && unknownEnd < 0)
            {
                unknownEnd = end;
            }

            int start = places[end].Start;
            if (unknownEnd >= 0 && (!isUnknown || start == 0))
            {
                AppendUnknown(piece[(isUnknown ? start : end)..unknownEnd], output);
                unknownEnd = -1;
            }

            if (!isUnknown)
            {
                output.Add(places[end].Id);
            }
        }

        CollectionsMarshal.AsSpan(output)[first..].Reverse();
        if (isPooled)
        {
            ArrayPool<Place>.Shared.Return(places);
        }
    }

    private void FindBest(ReadOnlySpan<char> piece, Place[] places)
    {
        places.AsSpan(0, piece.Length + 1).Fill(new Place(double.NegativeInfinity, 0, -1));
        places[0] = new Place(0, 0, -1);
        for (int start = 0; start < piece.Length;)
        {
            Rune.DecodeFromUtf16(piece[start..], out _, out int character);
            double before = places[start].Score;
            int node = PieceTrie.Root;
            bool hasCharacter = false;
            for (int end = start; end < piece.Length && _pieces.TryStep(ref node, piece[end]); end++)
            {
                int id = _pieces.TokenAt(node);
                if (id >= 0)
                {
                    Offer(ref places[end + 1], before + _scores[id], start, id);
                    hasCharacter |= end + 1 - start == character;
                }
            }

            if (!hasCharacter)
            {
                Offer(ref places[start + character], before + _unknownScore, start, -1);
            }

            start += character;
        }

        static void Offer(ref Place place, double score, int start, int id)
        {
            if (score > place.Score)
            {
                place = new Place(score, start, id);
            }
        }
    }

    /// <summary>Appends what stands for a stretch without tokens, last byte first.</summary>
    private void AppendUnknown(ReadOnlySpan<char> text, List<int> output)
    {
        if (_byteIds is null)
        {
            if (_unknownId is int id)
            {
                output.Add(id);
            }

            return;
        }

        int first = output.Count;
        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in text.EnumerateRunes())
        {
            foreach (byte value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                output.Add(_byteIds[value]);
            }
        }

        CollectionsMarshal.AsSpan(output)[first..].Reverse();
    }

    /// <summary>The best way to a place: its score, where its last token starts, and which it is (-1: an unknown character).</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Place(double Score, int Start, int Id);
}
