using System.Text;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// Byte-pair encoding over UTF-8 bytes (GPT-2, llama-3, qwen). A byte the vocabulary has no token for becomes the
/// unknown token, or is left out where there is none, as the reference tokenizers do.
/// </summary>
internal sealed class ByteLevelModel : SymbolModel
{
    private readonly MergeTable _merges;
    private readonly int[] _byteIds = new int[256];
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>>? _wholeWords;
    private readonly int _longestWord;

    /// <param name="vocabulary">Tokens spelled in <see cref="ByteAlphabet"/>.</param>
    /// <param name="merges">Ranked merges.</param>
    /// <param name="unknownId">Stands for bytes without a token.</param>
    /// <param name="ignoreMerges">A piece that is a token as a whole is taken as it is, whatever the merges would give.</param>
    public ByteLevelModel(Vocabulary vocabulary, MergeTable merges, int? unknownId, bool ignoreMerges)
    {
        _merges = merges;
        for (int value = 0; value < _byteIds.Length; value++)
        {
            _byteIds[value] = vocabulary.IdOrNull(ByteAlphabet.ToCharacter((byte)value).ToString()) ?? unknownId ?? -1;
        }

        if (ignoreMerges)
        {
            var words = new Dictionary<string, int>(vocabulary.Size, StringComparer.Ordinal);
            for (int id = 0; id < vocabulary.Size; id++)
            {
                if (vocabulary.Kinds[id] == TokenKind.Normal && vocabulary.Texts[id].Length > 0)
                {
                    words.TryAdd(vocabulary.Texts[id], id);
                    _longestWord = Math.Max(_longestWord, vocabulary.Texts[id].Length);
                }
            }

            _longestWord = Math.Min(_longestWord, 512);
            _wholeWords = words.GetAlternateLookup<ReadOnlySpan<char>>();
        }
    }

    protected override int MostSymbols(ReadOnlySpan<char> piece) => Encoding.UTF8.GetByteCount(piece);

    protected override void Encode(ReadOnlySpan<char> piece, Span<Symbol> symbols, List<int> output)
    {
        int count = 0;
        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in piece.EnumerateRunes())
        {
            int length = rune.EncodeToUtf8(utf8);
            foreach (byte value in utf8[..length])
            {
                symbols[count++] = new Symbol { Start = value, Length = 1, Id = _byteIds[value] };
            }
        }

        if (TryWholeWord(symbols[..count], out int word))
        {
            output.Add(word);
            return;
        }

        MergeInto(WithoutMissing(symbols[..count]), _merges, output);
    }

    private static Span<Symbol> WithoutMissing(Span<Symbol> symbols)
    {
        int kept = 0;
        foreach (ref Symbol symbol in symbols)
        {
            if (symbol.Id >= 0)
            {
                symbols[kept++] = symbol;
            }
        }

        return symbols[..kept];
    }

    private bool TryWholeWord(ReadOnlySpan<Symbol> bytes, out int id)
    {
        id = -1;
        if (_wholeWords is not { } words || bytes.Length > _longestWord)
        {
            return false;
        }

        Span<char> spelled = stackalloc char[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            spelled[i] = ByteAlphabet.ToCharacter((byte)bytes[i].Start);
        }

        return words.TryGetValue(spelled, out id);
    }
}
