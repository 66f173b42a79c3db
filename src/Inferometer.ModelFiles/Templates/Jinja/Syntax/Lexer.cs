using System.Text;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Syntax;

/// <summary>
/// Cuts a template into tokens, with the white-space rules Hugging Face renders under: <c>trim_blocks</c> (the line break after a block
/// or comment goes) and <c>lstrip_blocks</c> (so do the blanks before one that begins its line); <c>-</c> strips, <c>+</c> keeps.
/// </summary>
internal sealed class Lexer
{
    // Longest first.
    private static readonly string[] OperatorTexts =
    [
        "//", "**", "==", "!=", ">=", "<=",
        "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ];

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;

    private Lexer(string source) => _source = source;

    /// <summary>The tokens of a source that <see cref="Normalize"/> made.</summary>
    /// <exception cref="JinjaException">A tag or literal does not end, or a character belongs to no token.</exception>
    public static Token[] Tokenize(string source)
    {
        var lexer = new Lexer(source);
        lexer.ReadAll();
        return [.. lexer._tokens];
    }

    /// <summary>A source with one kind of line break and without the last one.</summary>
    public static string Normalize(string source)
    {
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        return source.EndsWith('\n') ? source[..^1] : source;
    }

    private void ReadAll()
    {
        while (_at < _source.Length)
        {
            int tag = NextTag(_at);
            ReadData(tag < 0 ? _source.Length : tag, tag);
            if (tag >= 0)
            {
                ReadTag(tag);
            }
        }

        Add(TokenKind.End, "", _source.Length);
    }

    private int NextTag(int from)
    {
        for (int at = _source.IndexOf('{', from); at >= 0 && at + 1 < _source.Length; at = _source.IndexOf('{', at + 1))
        {
            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>The text up to a tag, less what the tag strips.</summary>
    private void ReadData(int end, int tag)
    {
        int start = _at;
        _at = end;
        if (tag >= 0)
        {
            char mark = tag + 2 < _source.Length ? _source[tag + 2] : '\0';
            if (mark == '-')
            {
                while (end > start && CodePoints.IsSpace(_source[end - 1]))
                {
                    end--;
                }
            }
            else if (mark != '+' && _source[tag + 1] != '{')
            {
                end = WithoutIndent(start, end);
            }
        }

        if (end > start)
        {
            Add(TokenKind.Data, _source[start..end], start);
        }
    }

    /// <summary>Where the text ends when a tag that begins its line takes the blanks before it.</summary>
    private int WithoutIndent(int start, int end)
    {
        int line = end;
        while (line > start && _source[line - 1] != '\n')
        {
            line--;
        }

        bool beginsLine = line > start || start == 0 || _source[start - 1] == '\n';
        return beginsLine && _source.AsSpan(line, end - line).IndexOfAnyExcept(Blanks) < 0 ? line : end;
    }

    private static readonly System.Buffers.SearchValues<char> Blanks = System.Buffers.SearchValues.Create(
        " "
            + "\t\v\f\r\u001c\u001d\u001e\u001f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003"
            + "\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000");

    private void ReadTag(int tag)
    {
        int inside = tag + 2 + (tag + 2 < _source.Length && _source[tag + 2] is '-' or '+' ? 1 : 0);
        switch (_source[tag + 1])
        {
            case '#':
                int end = inside <= _source.Length ? _source.IndexOf("#}", inside, StringComparison.Ordinal) : -1;
                _at = end < 0 ? throw Fault("the comment does not end", tag) : end + 2;
                SkipAfter(end > inside ? _source[end - 1] : '\0', takesLineBreak: true);
                break;
            case '%' when IsRaw(inside, out int after):
                ReadRaw(tag, after);
                break;
            case '%':
                Add(TokenKind.BlockBegin, "{%", tag);
                _at = inside;
                ReadInside("%}", TokenKind.BlockEnd, tag);
                break;
            default:
                Add(TokenKind.VariableBegin, "{{", tag);
                _at = inside;
                ReadInside("}}", TokenKind.VariableEnd, tag);
                break;
        }
    }

    private bool IsRaw(int at, out int after)
    {
        int word = SkipSpace(at);
        after = SkipSpace(word + 3);
        bool strips = after < _source.Length && _source[after] == '-';
        after += strips ? 1 : 0;
        if (string.CompareOrdinal(_source, word, "raw", 0, 3) != 0 || string.CompareOrdinal(_source, after, "%}", 0, 2) != 0)
        {
            return false;
        }

        after = strips ? SkipSpace(after + 2) : after + 2;
        return true;
    }

    private void ReadRaw(int tag, int start)
    {
        for (int open = start - 1; (open = _source.IndexOf("{%", open + 1, StringComparison.Ordinal)) >= 0;)
        {
            int word = SkipSpace(open + 2 + (open + 2 < _source.Length && _source[open + 2] is '-' or '+' ? 1 : 0));
            int close = SkipSpace(word + 6);
            char mark = close < _source.Length && _source[close] is '-' or '+' ? _source[close++] : '\0';
            if (string.CompareOrdinal(_source, word, "endraw", 0, 6) == 0 && string.CompareOrdinal(_source, close, "%}", 0, 2) == 0)
            {
                _at = start;
                ReadData(open, open);
                _at = close + 2;
                SkipAfter(mark, takesLineBreak: true);
                return;
            }
        }

        throw Fault("the raw block does not end", tag);
    }

    private void ReadInside(string end, TokenKind endKind, int tag)
    {
        var open = new Stack<char>();
        while (_at < _source.Length)
        {
            _at = SkipSpace(_at);
            if (open.Count == 0 && IsEnd(end, out char mark))
            {
                Add(endKind, end, _at);
                _at += end.Length + (mark == '\0' ? 0 : 1);
                SkipAfter(mark, takesLineBreak: endKind == TokenKind.BlockEnd);
                return;
            }

            if (_at < _source.Length)
            {
                ReadToken(open);
            }
        }

        throw Fault($"the tag does not end: '{end}' is missing", tag);
    }

    private bool IsEnd(string end, out char mark)
    {
        mark = _at < _source.Length && (_source[_at] == '-' || (_source[_at] == '+' && end[0] == '%')) ? _source[_at] : '\0';
        return string.CompareOrdinal(_source, _at + (mark == '\0' ? 0 : 1), end, 0, end.Length) == 0;
    }

    /// <summary>
    /// After a tag: <c>-</c> takes all white space, otherwise a block or comment takes one line break unless marked
    /// <c>+</c>.
    /// </summary>
    private void SkipAfter(char mark, bool takesLineBreak)
    {
        if (mark == '-')
        {
            _at = SkipSpace(_at);
        }
        else if (mark != '+' && takesLineBreak && _at < _source.Length && _source[_at] == '\n')
        {
            _at++;
        }
    }

    private void ReadToken(Stack<char> open)
    {
        int start = _at;
        char c = _source[start];
        if (c is '"' or '\'')
        {
            Add(TokenKind.Text, ReadText(c), start);
        }
        else if (char.IsAsciiDigit(c))
        {
            ReadNumber();
        }
        else if (c == '_' || char.IsLetter(c))
        {
            while (_at < _source.Length && (_source[_at] == '_' || char.IsLetterOrDigit(_source[_at])))
            {
                _at++;
            }

            Add(TokenKind.Name, _source[start.._at], start);
        }
        else
        {
            ReadOperator(open);
        }
    }

    private void ReadOperator(Stack<char> open)
    {
        string op = Array.Find(OperatorTexts, text => string.CompareOrdinal(_source, _at, text, 0, text.Length) == 0)
            ?? throw Fault($"unexpected character '{_source[_at]}'", _at);
        if (op is "(" or "[" or "{")
        {
            open.Push(op[0] switch { '(' => ')', '[' => ']', _ => '}' });
        }
        else if (op is ")" or "]" or "}" && (!open.TryPop(out char expected) || expected != op[0]))
        {
            throw Fault($"unexpected '{op}'", _at);
        }

        Add(TokenKind.Operator, op, _at);
        _at += op.Length;
    }

    private void ReadNumber()
    {
        int start = _at;
        bool isAfterDot = start > 0 && _source[start - 1] == '.';
        if (_source[start] == '0' && start + 1 < _source.Length && (char)(_source[start + 1] | 0x20) is 'x' or 'o' or 'b')
        {
            _at = Digits(start + 2, char.IsAsciiHexDigit);
            Add(TokenKind.Integer, _source[start.._at], start);
            return;
        }

        _at = Digits(start, char.IsAsciiDigit);
        int end = _at;
        if (!isAfterDot)
        {
            bool hasPoint = end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]);
            end = hasPoint ? Digits(end + 1, char.IsAsciiDigit) : end;
            int sign = end + 1 < _source.Length && (_source[end] | 0x20) == 'e' ? (_source[end + 1] is '+' or '-' ? 2 : 1) : 0;
            bool hasExponent = sign > 0 && end + sign < _source.Length && char.IsAsciiDigit(_source[end + sign]);
            end = hasExponent ? Digits(end + sign, char.IsAsciiDigit) : end;
        }

        Add(end > _at ? TokenKind.Float : TokenKind.Integer, _source[start..end], start);
        _at = end;
    }

    private int Digits(int at, Func<char, bool> isDigit)
    {
        while (at < _source.Length && (isDigit(_source[at]) || (_source[at] == '_' && at + 1 < _source.Length && isDigit(_source[at + 1]))))
        {
            at++;
        }

        return at;
    }

    private string ReadText(char quote)
    {
        int start = _at++;
        var text = new StringBuilder();
        while (_at < _source.Length && _source[_at] != quote)
        {
            if (_source[_at] == '\\' && _at + 1 < _source.Length)
            {
                _at = TextEscapes.Read(_source, _at, text);
            }
            else
            {
                text.Append(_source[_at++]);
            }
        }

        if (_at++ >= _source.Length)
        {
            throw Fault("the text literal does not end", start);
        }

        return text.ToString();
    }

    private int SkipSpace(int at)
    {
        while (at < _source.Length && CodePoints.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    private void Add(TokenKind kind, string text, int offset) => _tokens.Add(new Token(kind, text, offset));

    private static JinjaException Fault(string message, int offset) => new(message) { Offset = offset };
}
