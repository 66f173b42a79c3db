using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Server.OpenAi;

/// <summary>
/// Where the tokens of a text completion begin in its text, in characters (Unicode code points, as Python counts them). A token that is no
/// part of the text, a control token as a rule, begins where the next one does, and so does one that ends within a character.
/// </summary>
internal sealed class TextOffsets
{
    private readonly Tokenizer _tokenizer;
    private readonly string _echo;
    private readonly StreamingDetokenizer _prompt;
    private readonly StreamingDetokenizer _answer;
    private int _place; // in the echo, UTF-16 units
    private int _characters;

    /// <param name="tokenizer">The vocabulary.</param>
    /// <param name="echo">The prompt's text where it stands before the answer, and its tokens come first; null where it does not.</param>
    public TextOffsets(Tokenizer tokenizer, string? echo)
    {
        _tokenizer = tokenizer;
        _echo = echo ?? "";
        _prompt = new StreamingDetokenizer(tokenizer);
        _answer = new StreamingDetokenizer(tokenizer, isContinuation: true);
    }

    /// <summary>The beginning of the next token.</summary>
    public int Next(int token)
    {
        int begin = _characters;
        if (_place >= _echo.Length)
        {
            _characters += Characters(_answer.Append(token));
            return begin;
        }

        string text = _prompt.Append(token);
        if (_tokenizer.IsControl(token))
        {
            // Its written form, where that is what stands there: in front of a text it was added.
            string written = _tokenizer.TokenText(token);
            text = written.Length > 0 && _echo.AsSpan(_place).StartsWith(written, StringComparison.Ordinal) ? written : "";
        }

        _place += text.Length;
        _characters += Characters(text);
        return begin;
    }

    private static int Characters(string text)
    {
        int count = 0;
        foreach (char unit in text)
        {
            count += char.IsLowSurrogate(unit) ? 0 : 1;
        }

        return count;
    }
}
