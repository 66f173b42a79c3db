using System.Globalization;
using System.Text;
using Inferometer.Core;
using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>
/// Reads regular expressions (ECMA-262) as sets of texts: characters, classes, groups, alternatives, repetitions, and anchors at the ends
/// of the whole or of its alternatives. What no finite automaton can do (references back), and looking around, is refused. What a pattern
/// leaves open (<c>.</c>, classes ruled out, what stands around a pattern without anchors) is kept to printable characters.
/// </summary>
internal sealed class PatternParser(string pattern, Func<string, InferometerException> fault)
{
    private const int DeepestNesting = 100;
    private const int MostRepetitions = 1 << 16;

    private static readonly CharacterSet Digit = CharacterSet.Of(new SymbolRange('0', '9'));
    private static readonly CharacterSet Word = CharacterSet.Of(new SymbolRange('0', '9'), new SymbolRange('A', 'Z'),
        new SymbolRange('a', 'z'))
        .Union(CharacterSet.One('_'));

    private static readonly CharacterSet Space = CharacterSet.OfText("\t\n\v\f\r \u00A0\u1680\u2028\u2029\u202F\u205F\u3000\uFEFF")
        .Union(CharacterSet.Of(new SymbolRange(0x2000, 0x200A)));

    private static readonly CharacterSet Dot = JsonGrammar.Printable.Except(CharacterSet.OfText("\u2028\u2029"));
    private static readonly Expression AnyText = Expression.Repeat(Expression.Characters(JsonGrammar.Printable), 0, null);
    private int _at;
    private int _depth;

    private bool AtEnd => _at >= pattern.Length;

    private char Current => AtEnd ? '\0' : pattern[_at];

    /// <summary>The texts in which the pattern is found.</summary>
    /// <exception cref="InferometerException">It is none, or cannot be held to.</exception>
    public Expression Read() => Read(AnyText);

    /// <summary>The texts that the pattern matches from their beginning to their end, with anchors or without.</summary>
    /// <exception cref="InferometerException">It is none, or cannot be held to.</exception>
    public Expression ReadWhole() => Read(Expression.Empty);

    private Expression Read(Expression around)
    {
        List<Expression> branches = [];
        do
        {
            bool isAnchored = Take('^');
            Expression body = Sequence();
            bool endsAnchored = Take('$');
            branches.Add(Expression.Sequence(isAnchored ? Expression.Empty : around, body, endsAnchored ? Expression.Empty : around));
        }
        while (Take('|'));

        return AtEnd ? Expression.Choice(branches) : throw Fault(_at, $"'{Current}' is not expected");
    }

    private Expression Alternatives()
    {
        if (++_depth > DeepestNesting)
        {
            throw Fault(_at, $"groups lie more than {DeepestNesting} deep");
        }

        List<Expression> branches = [];
        do
        {
            branches.Add(Sequence());
        }
        while (Take('|'));
        _depth--;
        return Expression.Choice(branches);
    }

    private Expression Sequence()
    {
        List<Expression> parts = [];
        while (!AtEnd && Current is not ('|' or ')' or '$'))
        {
            Expression item = Item();
            if (Repetition() is { } count)
            {
                item = Expression.Repeat(item, count.Minimum, count.Maximum);
            }

            parts.Add(item);
        }

        return Expression.Sequence(parts);
    }

    private Expression Item()
    {
        int from = _at;
        switch (pattern[_at++])
        {
            case '(':
                OpenGroup(from);
                Expression body = Alternatives();
                return Take(')') ? body : throw Fault(from, AtEnd ? "the group does not end" : "an anchor inside a group is not supported");
            case '[':
                return Expression.Characters(Class(from));
            case '.':
                return Expression.Characters(Dot);
            case '\\':
                return Expression.Characters(Escape(from));
            case '^':
                throw Fault(from, "an anchor that is not at the beginning is not supported");
            case '*' or '+' or '?':
                throw Fault(from, "there is nothing to repeat");
            default:
                _at--;
                return Expression.Characters(CharacterSet.One(Character()));
        }
    }

    private void OpenGroup(int from)
    {
        if (!Take('?') || Take(':'))
        {
            return;
        }

        if (Take('<') && Current is not ('=' or '!'))
        {
            int end = pattern.IndexOf('>', _at);
            _at = end < 0 ? throw Fault(from, "the name of the group does not end") : end + 1;
            return;
        }

        throw Fault(from, "looking ahead or behind is not supported");
    }

    private (int Minimum, int? Maximum)? Repetition()
    {
        int from = _at;
        (int, int?)? count = Take('*') ? (0, null) : Take('+') ? (1, null) : Take('?') ? (0, 1) : Current == '{' ? Counted(from) : null;
        if (count is not null)
        {
            Take('?'); // as few as possible: the same texts
            if (Current is '*' or '+' or '{')
            {
                throw Fault(_at, "a repetition of a repetition needs a group");
            }
        }

        return count;
    }

    private (int Minimum, int? Maximum)? Counted(int from)
    {
        Take('{');
        int? minimum = Number();
        int? maximum = Take(',') ? Number() : minimum;
        return minimum is { } least && Take('}') && !(maximum < least)
            ? (least, maximum)
            : throw Fault(from, "a repetition is written {m}, {m,} or {m,n}");
    }

    private int? Number()
    {
        int from = _at;
        while (char.IsAsciiDigit(Current))
        {
            _at++;
        }

        return from == _at ? null
            : int.TryParse(pattern.AsSpan(from, _at - from), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
                && value <= MostRepetitions ? value
            : throw Fault(from, $"more than {MostRepetitions} repetitions");
    }

    private CharacterSet Class(int from)
    {
        bool isNegated = Take('^');
        CharacterSet set = CharacterSet.Of();
        while (!Take(']'))
        {
            if (AtEnd)
            {
                throw Fault(from, "the class does not end");
            }

            CharacterSet first = ClassItem();
            if (Current == '-' && _at + 1 < pattern.Length && pattern[_at + 1] != ']')
            {
                int at = _at++;
                set = set.Union(Range(first, ClassItem(), at));
            }
            else
            {
                set = set.Union(first);
            }
        }

        return isNegated ? set.Complement().Intersect(JsonGrammar.Printable) : set;
    }

    private CharacterSet Range(CharacterSet first, CharacterSet last, int at) =>
        first.Ranges is [var low] && last.Ranges is [var high] && low.First == low.Last && high.First == high.Last
            && low.First <= high.First
            ? CharacterSet.Of(new SymbolRange(low.First, high.First))
            : throw Fault(at, "the range of the class is none");

    private CharacterSet ClassItem()
    {
        int from = _at;
        if (!Take('\\'))
        {
            return CharacterSet.One(Character());
        }

        return Take('b') ? CharacterSet.One('\b') : Escape(from);
    }

    private CharacterSet Escape(int from)
    {
        if (AtEnd)
        {
            throw Fault(from, "the escape does not end");
        }

        char kind = pattern[_at++];
        switch (kind)
        {
            case 'd':
                return Digit;
            case 'D':
                return Digit.Complement().Intersect(JsonGrammar.Printable);
            case 'w':
                return Word;
            case 'W':
                return Word.Complement().Intersect(JsonGrammar.Printable);
            case 's':
                return Space;
            case 'S':
                return Space.Complement().Intersect(JsonGrammar.Printable);
            case 'n':
                return CharacterSet.One('\n');
            case 'r':
                return CharacterSet.One('\r');
            case 't':
                return CharacterSet.One('\t');
            case 'f':
                return CharacterSet.One('\f');
            case 'v':
                return CharacterSet.One('\v');
            case '0' when !char.IsAsciiDigit(Current):
                return CharacterSet.One(0);
            case 'x':
                return CharacterSet.One(Hex(2, from));
            case 'u':
                return CharacterSet.One(Take('{') ? Braced(from) : Hex(4, from));
            default:
                return char.IsAsciiLetterOrDigit(kind)
                    ? throw Fault(from, $"'\\{kind}' is not supported")
                    : CharacterSet.One(kind);
        }
    }

    private int Braced(int from)
    {
        int end = pattern.IndexOf('}', _at);
        int value = end < 0 || end - _at > 6 ? throw Fault(from, "the escape does not end") : Hex(end - _at, from);
        _at++;
        return value;
    }

    private int Hex(int digits, int from)
    {
        if (_at + digits > pattern.Length
            || !int.TryParse(pattern.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value)
            || !Rune.IsValid(value))
        {
            throw Fault(from, $"{digits} hexadecimal digits of a character are expected");
        }

        _at += digits;
        return value;
    }

    private int Character()
    {
        if (!Rune.TryGetRuneAt(pattern, _at, out Rune rune))
        {
            throw Fault(_at, "half of a character (an unpaired surrogate)");
        }

        _at += rune.Utf16SequenceLength;
        return rune.Value;
    }

    private bool Take(char expected)
    {
        bool isThere = !AtEnd && pattern[_at] == expected;
        _at += isThere ? 1 : 0;
        return isThere;
    }

    private InferometerException Fault(int at, string message) =>
        fault(string.Create(CultureInfo.InvariantCulture, $"is '{pattern}'; at character {at + 1}: {message}."));
}
