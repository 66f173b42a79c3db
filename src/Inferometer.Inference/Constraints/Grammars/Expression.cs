namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>What a rule of a grammar may be: a closed set of forms.</summary>
internal abstract record Expression
{
    /// <summary>Nothing: the empty text.</summary>
    public static Expression Empty { get; } = new SequenceExpression([]);

    /// <summary>Impossible: no text at all.</summary>
    public static Expression Never { get; } = new ChoiceExpression([]);

    public static Expression Text(string text) => new TextExpression(text);

    public static Expression Characters(CharacterSet set) => new CharactersExpression(set);

    public static Expression Sequence(params IReadOnlyList<Expression> parts) =>
        parts.Count == 1 ? parts[0] : new SequenceExpression(parts);

    public static Expression Choice(params IReadOnlyList<Expression> branches) =>
        branches.Count == 1 ? branches[0] : new ChoiceExpression(branches);

    public static Expression Optional(Expression item) => new RepeatExpression(item, 0, 1);

    public static Expression Repeat(Expression item, int minimum, int? maximum) => new RepeatExpression(item, minimum, maximum);
}

/// <summary>A text as it stands.</summary>
internal sealed record TextExpression(string Value) : Expression;

/// <summary>One character of a set.</summary>
internal sealed record CharactersExpression(CharacterSet Set) : Expression;

/// <summary>One after another.</summary>
internal sealed record SequenceExpression(IReadOnlyList<Expression> Parts) : Expression;

/// <summary>One of several.</summary>
internal sealed record ChoiceExpression(IReadOnlyList<Expression> Branches) : Expression;

/// <summary>A number of times; without a maximum as often as wanted.</summary>
internal sealed record RepeatExpression(Expression Item, int Minimum, int? Maximum) : Expression;

/// <summary>Another rule, by its number.</summary>
internal sealed record RuleExpression(int Rule) : Expression;

/// <summary>A token of the vocabulary, by its text. Where it is a control token the text itself does not do; where not, the text is
/// what is meant.</summary>
internal sealed record MarkerExpression(string Value) : Expression;

/// <summary>A token of the vocabulary, by its id.</summary>
internal sealed record TokenExpression(int Id) : Expression;

/// <summary>Any text up to the first marker, which belongs to it.</summary>
internal sealed record UntilMarkerExpression(string Value) : Expression;

/// <summary>Any text in which the marker does not occur.</summary>
internal sealed record WithoutMarkerExpression(string Value) : Expression;

/// <summary>Some of a list in its order, with separators between those that are there; then, where <paramref name="Extra"/> is given, any
/// number of those.</summary>
internal sealed record ListExpression(IReadOnlyList<ListItem> Items, Expression Separator, Expression? Extra) : Expression;

/// <summary>An element of a list.</summary>
internal sealed record ListItem(Expression Value, bool IsRequired);

/// <summary>The texts of an automaton, each character of them spelled in some way.</summary>
internal sealed record AutomatonExpression(TextAutomaton Automaton, Func<CharacterSet, Expression>? Spelling) : Expression;
