using System.Globalization;
using System.Text;
using Inferometer.Core;

namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>The text of a grammar while it is read.</summary>
internal sealed class GbnfText(string text, string origin)
{
    private const int MostRepetitions = 1 << 20;

    private static readonly Dictionary<char, int> HexEscapes = new() { ['x'] = 2, ['u'] = 4, ['U'] = 8 };

    /// <summary>Where reading is.</summary>
    public int Position { get; private set; }

    public bool AtEnd => Position >= text.Length;

    /// <summary>The next character; the null character at the end.</summary>
    public char Peek() => AtEnd ? '\0' : text[Position];

    /// <summary>The one after it.</summary>
    public char PeekSecond() => Position + 1 >= text.Length ? '\0' : text[Position + 1];

    public bool Take(char expected)
    {
        bool isThere = !AtEnd && text[Position] == expected;
        Position += isThere ? 1 : 0;
        return isThere;
    }

    public void Expect(string expected)
    {
        if (!text.AsSpan(Position).StartsWith(expected, StringComparison.Ordinal))
        {
            throw Fault(Position, $"'{expected}' is expected{(AtEnd ? " before the end" : $", not '{Peek()}'")}");
        }

        Position += expected.Length;
    }

    public bool TakeLineEnd() => (Take('\r') && (Take('\n') || true)) || Take('\n');

    /// <summary>Skips blanks and comments, and ends of lines too where a rule may go on behind them.</summary>
    public void SkipSpace(bool withLines)
    {
        while (!AtEnd)
        {
            if (Peek() == '#')
            {
                int end = text.AsSpan(Position).IndexOfAny('\r', '\n');
                Position = end < 0 ? text.Length : Position + end;
            }
            else if (Peek() is ' ' or '\t' || (withLines && Peek() is '\r' or '\n' or '\uFEFF'))
            {
                Position++;
            }
            else
            {
                return;
            }
        }
    }

    public string ReadName()
    {
        int from = Position;
        while (!AtEnd && (char.IsAsciiLetterOrDigit(Peek()) || Peek() is '-' or '_'))
        {
            Position++;
        }

        return text[from..Position];
    }

    /// <summary>The text up to a character, which is read too.</summary>
    public string ReadTo(char end, int from)
    {
        int at = text.IndexOf(end, Position);
        int lineEnd = text.AsSpan(Position).IndexOfAny('\r', '\n');
        if (at < 0 || (lineEnd >= 0 && Position + lineEnd < at))
        {
            throw Fault(from, $"'{end}' is missing on the line");
        }

        string value = text[Position..at];
        Position = at + 1;
        return value;
    }

    public int? ReadNumber()
    {
        int from = Position;
        while (char.IsAsciiDigit(Peek()))
        {
            Position++;
        }

        if (from == Position)
        {
            return null;
        }

        return int.TryParse(text.AsSpan(from, Position - from), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number <= MostRepetitions
            ? number
            : throw Fault(from, $"{text[from..Position]} repetitions are more than {MostRepetitions}");
    }

    /// <summary>A character of a text or a set, escapes resolved.</summary>
    public int ReadCharacter(int from, string what)
    {
        if (AtEnd)
        {
            throw Fault(from, $"the {what} does not end");
        }

        int at = Position;
        if (!Take('\\'))
        {
            if (!Rune.TryGetRuneAt(text, Position, out Rune rune))
            {
                throw Fault(Position, "half of a character (an unpaired surrogate)");
            }

            Position += rune.Utf16SequenceLength;
            return rune.Value;
        }

        char kind = Peek();
        Position++;
        return kind switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '\\' or '"' or '[' or ']' or '-' or '^' => kind,
            'x' or 'u' or 'U' => ReadHex(HexEscapes[kind], at),
            _ => throw Fault(
                at, $"'\\{kind}' is no escape; known are \\n, \\r, \\t, \\\\, \\\", \\[, \\], \\-, \\^, \\xXX, \\uXXXX, \\UXXXXXXXX"),
        };
    }

    /// <summary>An error with line and column.</summary>
    public InferometerException Fault(int at, string message)
    {
        ReadOnlySpan<char> before = text.AsSpan(0, Math.Clamp(at, 0, text.Length));
        int line = before.Count('\n') + 1, column = before.Length - before.LastIndexOf('\n');
        string end = message.EndsWith('.') || message.EndsWith('?') ? "" : ".";
        return new InferometerException(
            string.Create(CultureInfo.InvariantCulture, $"{origin}, line {line}, column {column}: {message}{end}"));
    }

    private int ReadHex(int digits, int from)
    {
        ReadOnlySpan<char> rest = text.AsSpan(Position);
        if (rest.Length < digits
            || !uint.TryParse(rest[..digits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value)
            || !Rune.IsValid(value))
        {
            throw Fault(from, $"{digits} hexadecimal digits of a character are expected here");
        }

        Position += digits;
        return (int)value;
    }
}
