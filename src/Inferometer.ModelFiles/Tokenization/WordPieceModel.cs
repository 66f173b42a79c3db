using System.Text;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>How a WordPiece vocabulary writes its tokens.</summary>
/// <param name="Begin">What stands before a token that begins a word; empty where nothing does.</param>
/// <param name="Continue">What stands before a token that goes on with one; empty where nothing does.</param>
internal sealed record WordPieceMarks(string Begin, string Continue)
{
    /// <summary>As BERT's <c>vocab.txt</c> has it.</summary>
    public static WordPieceMarks Published { get; } = new("", "##");

    /// <summary>As GGUF files have it: a space that no text has before words, nothing before what goes on.</summary>
    public static WordPieceMarks Gguf { get; } = new("\u2581", "");
}

/// <summary>
/// BERT's WordPiece: a word is cut from its front into the longest tokens there are; a word that cannot be cut to its end, or is too long,
/// becomes the unknown token.
/// </summary>
internal sealed class WordPieceModel : TokenModel
{
    // max_input_chars_per_word of BERT's tokenizer.
    public const int DefaultLongestWord = 100;

    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _begin;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _continue;
    private readonly int _longestPiece;
    private readonly int? _unknownId;
    private readonly int _longestWord;

    public WordPieceModel(Vocabulary vocabulary, WordPieceMarks marks, int? unknownId, int longestWord = DefaultLongestWord)
    {
        Dictionary<string, int> begin = new(vocabulary.Size, StringComparer.Ordinal);
        Dictionary<string, int> goOn = new(StringComparer.Ordinal);
        for (int id = 0; id < vocabulary.Size; id++)
        {
            string text = vocabulary.Texts[id];
            if (vocabulary.Kinds[id] is TokenKind.Normal or TokenKind.UserDefined && text.Length > 0)
            {
                if (text.StartsWith(marks.Begin, StringComparison.Ordinal))
                {
                    begin.TryAdd(text[marks.Begin.Length..], id);
                }

                if (text.StartsWith(marks.Continue, StringComparison.Ordinal)
                    && (marks.Continue.Length > 0 || !text.StartsWith(marks.Begin, StringComparison.Ordinal)))
                {
                    goOn.TryAdd(text[marks.Continue.Length..], id);
                }

                _longestPiece = Math.Max(_longestPiece, text.Length);
            }
        }

        _begin = begin.GetAlternateLookup<ReadOnlySpan<char>>();
        _continue = goOn.GetAlternateLookup<ReadOnlySpan<char>>();
        _unknownId = unknownId;
        _longestWord = longestWord;
    }

    public override void Encode(ReadOnlySpan<char> piece, List<int> output)
    {
        int first = output.Count;
        if (IsTooLong(piece) || !TryCut(piece, output))
        {
            output.RemoveRange(first, output.Count - first);
            if (_unknownId is int id)
            {
                output.Add(id);
            }
        }
    }

    private bool IsTooLong(ReadOnlySpan<char> word)
    {
        if (word.Length <= _longestWord)
        {
            return false;
        }

        int characters = 0;
        foreach (Rune _ in word.EnumerateRunes())
        {
            characters++;
        }

        return characters > _longestWord;
    }

    private bool TryCut(ReadOnlySpan<char> word, List<int> output)
    {
        for (int start = 0; start < word.Length;)
        {
            int length = Math.Min(word.Length - start, _longestPiece);
            int id = -1;
            while (length > 0 && !(start == 0 ? _begin : _continue).TryGetValue(word.Slice(start, length), out id))
            {
                length--;
            }

            if (length == 0)
            {
                return false;
            }

            output.Add(id);
            start += length;
        }

        return true;
    }
}
