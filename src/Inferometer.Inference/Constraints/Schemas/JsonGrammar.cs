using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>
/// The parts of JSON texts (RFC 8259). Narrower than the standard where that keeps output useful: white space is one blank or one line end
/// with indentation, numbers have up to 16 digits before and behind the point and exponents of two, and escapes of surrogates are not
/// taken (other characters are written as UTF-8).
/// </summary>
internal sealed class JsonGrammar
{
    private const int MostDigits = 16;
    private const int MostIndentation = 20;

    private readonly GrammarBuilder _grammar;
    private readonly Dictionary<string, Expression> _rules = new(StringComparer.Ordinal);

    public JsonGrammar(GrammarBuilder grammar) => _grammar = grammar;

    /// <summary>Characters that stand for themselves in a string.</summary>
    public static CharacterSet Plain { get; } =
        CharacterSet.Of(new SymbolRange(0, 0x1F), new SymbolRange('"', '"'), new SymbolRange('\\', '\\'), new SymbolRange(0x7F, 0x7F))
            .Complement();

    /// <summary>Characters without commands to terminals and printers.</summary>
    public static CharacterSet Printable { get; } = CharacterSet.Of(new SymbolRange(0, 0x1F), new SymbolRange(0x7F, 0x7F)).Complement();

    public static Expression WhiteSpace { get; } = Expression.Choice(
        Expression.Empty,
        Expression.Text(" "),
        Expression.Sequence(Expression.Text("\n"), Expression.Repeat(Expression.Characters(CharacterSet.OfText(" \t")), 0,
            MostIndentation)));

    /// <summary>What may stand before a value: models like to begin with a blank or a new line.</summary>
    public static Expression Beginning { get; } = Expression.Optional(Expression.Characters(CharacterSet.OfText(" \n")));

    /// <summary>What stands between elements.</summary>
    public static Expression Comma { get; } = Expression.Sequence(Expression.Text(","), WhiteSpace);

    public static Expression Null { get; } = Expression.Text("null");

    public static Expression Boolean { get; } = Expression.Choice(Expression.Text("true"), Expression.Text("false"));

    public static Expression Integer { get; } = Expression.Sequence(Expression.Optional(Expression.Text("-")), Whole);

    public static Expression Number { get; } = Expression.Sequence(
        Integer,
        Expression.Optional(Expression.Sequence(Expression.Text("."), Digits(1, MostDigits))),
        Expression.Optional(Expression.Sequence(
            Expression.Characters(CharacterSet.OfText("eE")), Expression.Optional(Expression.Characters(CharacterSet.OfText("+-"))),
            Digits(1, 2))));

    /// <summary>A character of a string whose length is counted: as itself or with a short escape.</summary>
    public static Expression CountedCharacter { get; } = Expression.Choice(
        Expression.Characters(Plain),
        Expression.Sequence(Expression.Text("\\"), Expression.Characters(CharacterSet.OfText("\"\\bfnrt"))));

    /// <summary>Any string.</summary>
    public Expression String => Rule("string", () => InQuotes(Expression.Repeat(
        Expression.Choice(
            Expression.Characters(Plain),
            Expression.Sequence(Expression.Text("\\"), Expression.Choice(
                Expression.Characters(CharacterSet.OfText("\"\\/bfnrt")), Expression.Sequence(Expression.Text("u"), FourDigits)))),
        0, null)));

    /// <summary>Any value.</summary>
    public Expression Value => Rule("value", () => Expression.Choice(Object, Array, String, Number, Boolean, Null));

    /// <summary>Any object.</summary>
    public Expression Object => Rule("object", () => Braces(new ListExpression([], Comma, Member(String, Value))));

    /// <summary>Any array.</summary>
    public Expression Array => Rule("array", () => Brackets(new ListExpression([], Comma, Value)));

    private static Expression Whole => Expression.Choice(
        Expression.Text("0"), Expression.Sequence(Expression.Characters(CharacterSet.Of(new SymbolRange('1', '9'))), Digits(0,
            MostDigits - 1)));

    private static Expression FourDigits
    {
        get
        {
            Expression any = Hex("0123456789abcdefABCDEF"), three = Expression.Repeat(any, 3, 3);
            return Expression.Choice(
                Expression.Sequence(Hex("0123456789abcefABCEF"), three),
                Expression.Sequence(Hex("dD"), Hex("01234567"), Expression.Repeat(any, 2, 2)));

            static Expression Hex(string digits) => Expression.Characters(CharacterSet.OfText(digits));
        }
    }

    /// <summary>A grammar of any object.</summary>
    public static Grammar AnyObject() => Alone("JSON object", json => json.Object);

    /// <summary>A grammar of any value.</summary>
    public static Grammar AnyValue() => Alone("JSON value", json => json.Value);

    /// <summary>The name of a member, a colon, and its value.</summary>
    public static Expression Member(Expression name, Expression value) =>
        Expression.Sequence(name, Expression.Text(":"), WhiteSpace, value);

    public static Expression Braces(Expression members) => Expression.Sequence(
        Expression.Text("{"), WhiteSpace, members, WhiteSpace, Expression.Text("}"));

    public static Expression Brackets(Expression elements) => Expression.Sequence(
        Expression.Text("["), WhiteSpace, elements, WhiteSpace, Expression.Text("]"));

    public static Expression InQuotes(Expression characters) =>
        Expression.Sequence(Expression.Text("\""), characters, Expression.Text("\""));

    /// <summary>How characters are spelled inside a string.</summary>
    public static Expression Spelled(CharacterSet set)
    {
        List<Expression> forms = [];
        CharacterSet plain = set.Intersect(Plain.Union(CharacterSet.One(0x7F)));
        if (!plain.IsEmpty)
        {
            forms.Add(Expression.Characters(plain));
        }

        const string Named = "\b\f\n\r\t\"\\", Letters = "bfnrt\"\\";
        for (int character = 0; character <= '\\'; character++)
        {
            if (set.Contains(character) && !plain.Contains(character))
            {
                int named = Named.IndexOf((char)character, StringComparison.Ordinal);
                forms.Add(Expression.Text(named >= 0 ? $"\\{Letters[named]}" : FormattableString.Invariant($"\\u{character:x4}")));
            }
        }

        return Expression.Choice(forms);
    }

    public static Expression Digits(int minimum, int maximum) =>
        Expression.Repeat(Expression.Characters(CharacterSet.Of(new SymbolRange('0', '9'))), minimum, maximum);

    private static Grammar Alone(string name, Func<JsonGrammar, Expression> of)
    {
        GrammarBuilder grammar = new();
        int root = grammar.Declare(name);
        grammar.Define(root, Expression.Sequence(Beginning, of(new JsonGrammar(grammar))));
        return grammar.Build(root, name);
    }

    private Expression Rule(string name, Func<Expression> body)
    {
        if (_rules.TryGetValue(name, out Expression? known))
        {
            return known;
        }

        int rule = _grammar.Declare(name);
        Expression reference = _rules[name] = new RuleExpression(rule);
        _grammar.Define(rule, body());
        return reference;
    }
}
