using System.Text;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// Turns tokens into text as they come, holding back the bytes of a character until it is complete. What it gives for
/// all tokens together is what <see cref="Tokenizer.Decode"/> gives at once. Not thread-safe: one per sequence.
/// </summary>
public sealed class StreamingDetokenizer
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _includeControl;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private bool _stripsSpace;
    private bool _mayHoldBytes;
    private StringBuilder? _scratch;

    /// <summary>Starts a text.</summary>
    /// <param name="tokenizer">The vocabulary the tokens belong to.</param>
    /// <param name="includeControl">Writes control tokens out instead of leaving them out.</param>
    /// <param name="isContinuation">The text follows other text (a completion after its prompt): a leading space is kept.</param>
    public StreamingDetokenizer(Tokenizer tokenizer, bool includeControl = false, bool isContinuation = false)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _includeControl = includeControl;
        _stripsSpace = tokenizer.StripsLeadingSpace && !isContinuation;
    }

    /// <summary>Adds a token and returns the text it completes, which may be empty.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public string Append(int id)
    {
        if (!_mayHoldBytes && !_stripsSpace && (_includeControl || !_tokenizer.IsControl(id)) && _tokenizer.WholeText(id) is { } whole)
        {
            return whole;
        }

        StringBuilder text = (_scratch ??= new StringBuilder()).Clear();
        Append(id, text);
        return text.ToString();
    }

    /// <summary>Ends the text: returns U+FFFD for a character that was left incomplete, otherwise nothing.</summary>
    public string Flush()
    {
        StringBuilder text = (_scratch ??= new StringBuilder()).Clear();
        Flush(text);
        return text.ToString();
    }

    internal void Append(int id, StringBuilder text)
    {
        bool isControl = _tokenizer.IsControl(id);
        if (isControl && !_includeControl)
        {
            return;
        }

        ReadOnlySpan<byte> bytes = _tokenizer.TokenBytes(id);
        if (_stripsSpace && !isControl && !bytes.IsEmpty)
        {
            _stripsSpace = false;
            bytes = bytes[0] == (byte)' ' ? bytes[1..] : bytes;
        }

        Decode(bytes, flush: false, text);
        if (!bytes.IsEmpty)
        {
            _mayHoldBytes = _tokenizer.WholeText(id) is null;
        }
    }

    internal void Flush(StringBuilder text)
    {
        Decode([], flush: true, text);
        _mayHoldBytes = false;
    }

    private void Decode(ReadOnlySpan<byte> bytes, bool flush, StringBuilder text)
    {
        Span<char> characters = stackalloc char[128];
        bool completed;
        do
        {
            _decoder.Convert(bytes, characters, flush, out int bytesUsed, out int charactersUsed, out completed);
            text.Append(characters[..charactersUsed]);
            bytes = bytes[bytesUsed..];
        }
        while (!completed);
    }
}
