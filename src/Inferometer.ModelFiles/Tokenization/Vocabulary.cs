using System.Globalization;
using System.Text;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>How the text of a vocabulary entry is turned into the bytes it stands for.</summary>
internal enum TokenSpelling
{
    /// <summary>The entry is its own text.</summary>
    Plain,

    /// <summary>SentencePiece: U+2581 stands for a space, <c>&lt;0xNN&gt;</c> for one byte.</summary>
    SentencePiece,

    /// <summary>GPT-2: each character stands for one byte.</summary>
    ByteLevel,

    /// <summary>BERT: <c>##</c> stands before what goes on with a word, a blank that is not written before all else.</summary>
    WordPiece,
}

/// <summary>The tokens of a model: their text, kind and bytes. Immutable.</summary>
internal sealed class Vocabulary
{
    /// <summary>More entries than any published tokenizer has; a bound for files that lie about themselves.</summary>
    public const int MaximumSize = 1 << 22;

    private readonly Dictionary<string, int> _idsByText;
    private readonly byte[] _bytes;
    private readonly int[] _byteOffsets;

    public Vocabulary(string[] texts, TokenKind[] kinds, TokenSpelling spelling, string source)
    {
        if (texts.Length is 0 or > MaximumSize)
        {
            throw new InferometerException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{source}: the vocabulary has {texts.Length} tokens; between 1 and {MaximumSize} are allowed."));
        }

        Texts = texts;
        Kinds = kinds;
        Spelling = spelling;
        Source = source;
        _idsByText = new Dictionary<string, int>(texts.Count(text => text.Length > 0), StringComparer.Ordinal);
        _byteOffsets = new int[texts.Length + 1];
        var all = new MemoryStream();
        for (int id = 0; id < texts.Length; id++)
        {
            if (texts[id].Length > 0)
            {
                _idsByText.TryAdd(texts[id], id);
            }

            all.Write(BytesOf(texts[id], kinds[id], spelling));
            _byteOffsets[id + 1] = checked((int)all.Length);
        }

        _bytes = all.ToArray();
    }

    // Most real models are filled up; the tables of their tokens are not made twice.
    private Vocabulary(Vocabulary tokens, int size)
    {
        int more = size - tokens.Size;
        Texts = [.. tokens.Texts, .. Enumerable.Repeat("", more)];
        Kinds = [.. tokens.Kinds, .. Enumerable.Repeat(TokenKind.Unused, more)];
        (Spelling, Source) = (tokens.Spelling, tokens.Source);
        (_idsByText, _bytes) = (tokens._idsByText, tokens._bytes);
        _byteOffsets = [.. tokens._byteOffsets, .. Enumerable.Repeat(_bytes.Length, more)];
    }

    public string[] Texts { get; }

    public TokenKind[] Kinds { get; }

    public TokenSpelling Spelling { get; }

    /// <summary>The file the tokens came from, for messages.</summary>
    public string Source { get; }

    public int Size => Texts.Length;

    public ReadOnlySpan<byte> Bytes(int id) => _bytes.AsSpan(_byteOffsets[id].._byteOffsets[id + 1]);

    public bool TryGetId(string text, out int id) => _idsByText.TryGetValue(text, out id);

    public int? IdOrNull(string? text) => text is not null && _idsByText.TryGetValue(text, out int id) ? id : null;

    /// <summary>The same tokens, and unused places behind them.</summary>
    public Vocabulary FilledTo(int size) => new(this, size);

    /// <summary>The same tokens, some of them control tokens whatever they were.</summary>
    public Vocabulary WithControl(IEnumerable<int> ids)
    {
        TokenKind[] kinds = [.. Kinds];
        foreach (int id in ids)
        {
            kinds[id] = TokenKind.Control;
        }

        return new Vocabulary(Texts, kinds, Spelling, Source);
    }

    /// <summary>Ids of the 256 byte tokens <c>&lt;0xNN&gt;</c>, -1 where there is none.</summary>
    public int[] ByteTokenIds()
    {
        var ids = new int[256];
        for (int value = 0; value < ids.Length; value++)
        {
            ids[value] = IdOrNull(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>")) ?? -1;
        }

        return ids;
    }

    /// <summary>The value of a token written <c>&lt;0xNN&gt;</c>, or null.</summary>
    public static byte? ByteValue(string text) =>
        text is ['<', '0', 'x', _, _, '>']
            && byte.TryParse(text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : null;

    private static byte[] BytesOf(string text, TokenKind kind, TokenSpelling spelling)
    {
        switch (spelling)
        {
            case TokenSpelling.ByteLevel
                when kind is TokenKind.Normal or TokenKind.Unused && ByteAlphabet.TryDecode(text, out byte[]? decoded):
                return decoded;
            case TokenSpelling.SentencePiece when kind is TokenKind.Byte && ByteValue(text) is byte value:
                return [value];
            case TokenSpelling.SentencePiece when kind is not TokenKind.Control:
                return Encoding.UTF8.GetBytes(text.Replace('\u2581', ' '));
            case TokenSpelling.WordPiece when kind is TokenKind.Normal:
                return Encoding.UTF8.GetBytes(
                    text.StartsWith(WordPieceMarks.Published.Continue, StringComparison.Ordinal) ? text[2..] : " " + text);
            default:
                return Encoding.UTF8.GetBytes(text);
        }
    }
}
