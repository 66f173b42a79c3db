using System.Globalization;
using System.Text;
using Inferometer.Core;

namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>
/// Reads grammars in GBNF, the notation of llama.cpp (grammars/README.md of that project): rules, texts, sets of characters, groups,
/// repetitions, tokens and comments. The text must be what the rule <c>root</c> says.
/// </summary>
internal sealed class GbnfParser
{
    private const string RootRule = "root";
    private const int DeepestNesting = 200;

    private readonly GbnfText _text;
    private readonly GrammarBuilder _grammar = new();
    private readonly Dictionary<string, (int Rule, int? UsedAt)> _rules = new(StringComparer.Ordinal);
    private readonly HashSet<int> _defined = [];
    private int _depth;

    private GbnfParser(string text, string origin) => _text = new GbnfText(text, origin);

    /// <summary>Reads a grammar.</summary>
    /// <param name="text">The grammar.</param>
    /// <param name="origin">Where it comes from, for messages.</param>
    /// <exception cref="InferometerException">It is none; names line and column.</exception>
    public static Grammar Parse(string text, string origin)
    {
        GbnfParser parser = new(text, origin);
        return parser.Read(origin);
    }

    private Grammar Read(string origin)
    {
        _text.SkipSpace(withLines: true);
        while (!_text.AtEnd)
        {
            ReadRule();
            _text.SkipSpace(withLines: true);
        }

        foreach ((string name, (int rule, int? usedAt)) in _rules)
        {
            if (!_defined.Contains(rule))
            {
                throw _text.Fault(usedAt ?? 0, $"the rule '{name}' is used but not defined.{NameSuggestion.For(name, DefinedNames)}");
            }
        }

        return _rules.TryGetValue(RootRule, out (int Rule, int? UsedAt) root)
            ? _grammar.Build(root.Rule, origin)
            : throw _text.Fault(0, $"there is no rule '{RootRule}', which says what the whole text must be");
    }

    private string[] DefinedNames => [.. _rules.Where(rule => _defined.Contains(rule.Value.Rule)).Select(rule => rule.Key)];

    private void ReadRule()
    {
        int at = _text.Position;
        string name = _text.ReadName();
        if (name.Length == 0)
        {
            throw _text.Fault(at, "a rule begins with its name: letters, digits, '-' and '_'");
        }

        int rule = RuleOf(name, usedAt: null);
        if (!_defined.Add(rule))
        {
            throw _text.Fault(at, $"the rule '{name}' is defined twice");
        }

        _text.SkipSpace(withLines: false);
        _text.Expect("::=");
        _text.SkipSpace(withLines: true);
        _grammar.Define(rule, ReadChoice(isNested: false));
        _text.SkipSpace(withLines: false);
        if (!_text.AtEnd && !_text.TakeLineEnd())
        {
            throw _text.Fault(_text.Position, $"'{_text.Peek()}' begins no part of a rule");
        }
    }

    private Expression ReadChoice(bool isNested)
    {
        if (++_depth > DeepestNesting)
        {
            throw _text.Fault(_text.Position, $"groups lie more than {DeepestNesting} deep");
        }

        List<Expression> branches = [ReadSequence(isNested)];
        while (_text.Take('|'))
        {
            _text.SkipSpace(withLines: true);
            branches.Add(ReadSequence(isNested));
        }

        _depth--;
        return Expression.Choice(branches);
    }

    private Expression ReadSequence(bool isNested)
    {
        List<Expression> parts = [];
        while (ReadItem() is { } item)
        {
            _text.SkipSpace(isNested);
            while (ReadCount() is { } count)
            {
                item = Expression.Repeat(item, count.Minimum, count.Maximum);
                _text.SkipSpace(isNested);
            }

            parts.Add(item);
        }

        return Expression.Sequence(parts);
    }

    /// <summary>One element; null where none begins.</summary>
    private Expression? ReadItem()
    {
        int at = _text.Position;
        switch (_text.Peek())
        {
            case '"':
                return ReadText();
            case '[':
                return Expression.Characters(ReadSet());
            case '.':
                _text.Take('.');
                return Expression.Characters(CharacterSet.Any);
            case '<':
                return ReadToken();
            case '!':
                throw _text.Fault(at, "tokens that are ruled out ('!<token>') are not supported; say which characters are allowed");
            case '(':
                _text.Take('(');
                _text.SkipSpace(withLines: true);
                Expression group = ReadChoice(isNested: true);
                _text.Expect(")");
                return group;
            default:
                string name = _text.ReadName();
                return name.Length == 0 ? null : new RuleExpression(RuleOf(name, at));
        }
    }

    private int RuleOf(string name, int? usedAt)
    {
        if (!_rules.TryGetValue(name, out (int Rule, int? UsedAt) known))
        {
            _rules[name] = known = (_grammar.Declare(name), usedAt);
        }

        return known.Rule;
    }

    private Expression ReadText()
    {
        int at = _text.Position;
        _text.Take('"');
        StringBuilder value = new();
        while (!_text.Take('"'))
        {
            value.Append(char.ConvertFromUtf32(_text.ReadCharacter(at, "text")));
        }

        return Expression.Text(value.ToString());
    }

    private CharacterSet ReadSet()
    {
        int at = _text.Position;
        _text.Take('[');
        bool isNegated = _text.Take('^');
        List<SymbolRange> ranges = [];
        while (!_text.Take(']'))
        {
            int from = _text.Position;
            int first = _text.ReadCharacter(at, "set"), last = first;
            if (_text.Peek() == '-' && _text.PeekSecond() != ']')
            {
                _text.Take('-');
                last = _text.ReadCharacter(at, "set");
            }

            if (last < first)
            {
                throw _text.Fault(from, "the range ends before it begins");
            }

            ranges.Add(new SymbolRange(first, last));
        }

        CharacterSet set = CharacterSet.Of(ranges);
        return isNegated ? set.Complement() : set;
    }

    private Expression ReadToken()
    {
        int at = _text.Position;
        _text.Take('<');
        string name = _text.ReadTo('>', at);
        if (name is ['[', .. string number, ']'])
        {
            return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                ? new TokenExpression(id)
                : throw _text.Fault(at, $"'{number}' is no id of a token");
        }

        return name.Length > 0 ? new MarkerExpression($"<{name}>") : throw _text.Fault(at, "the token has no name");
    }

    private (int Minimum, int? Maximum)? ReadCount()
    {
        int at = _text.Position;
        if (_text.Take('*'))
        {
            return (0, null);
        }

        if (_text.Take('+'))
        {
            return (1, null);
        }

        if (_text.Take('?'))
        {
            return (0, 1);
        }

        if (!_text.Take('{'))
        {
            return null;
        }

        int? minimum = _text.ReadNumber();
        int? maximum = minimum;
        if (_text.Take(','))
        {
            maximum = _text.ReadNumber();
        }
        else if (minimum is null)
        {
            throw _text.Fault(at, "a repetition is written {m}, {m,}, {m,n} or {,n}");
        }

        _text.Expect("}");
        return maximum < (minimum ?? 0)
            ? throw _text.Fault(at, $"the repetition ends before it begins: {{{minimum ?? 0},{maximum}}}")
            : (minimum ?? 0, maximum);
    }
}
