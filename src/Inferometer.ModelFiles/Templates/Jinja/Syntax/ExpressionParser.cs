using System.Globalization;
using System.Numerics;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Syntax;

/// <summary>Reads expressions, with the precedence of Jinja: <c>or, and, not, comparison, + -, ~, * / // %, **, sign, postfix, filter</c>.</summary>
internal sealed class ExpressionParser(TokenStream tokens)
{
    /// <summary>Names read so far; a macro looks which of the special ones it uses.</summary>
    public HashSet<string> Names { get; set; } = new(StringComparer.Ordinal);

    /// <summary>An expression, with or without the conditional form.</summary>
    public Expression Parse(bool withCondition = true)
    {
        Budget.Deepen();
        Expression value = Or();
        while (withCondition && tokens.Current.IsName("if"))
        {
            int offset = tokens.Take().Offset;
            Expression test = Or();
            value = new ConditionalExpression(offset, test, value, tokens.TakeIfName("else") ? Parse() : null);
        }

        return value;
    }

    /// <summary>An expression, or several with commas between: a tuple.</summary>
    public Expression ParseTuple(bool withCondition = true, string? end = null, bool isInParentheses = false)
    {
        int offset = tokens.Current.Offset;
        List<Expression> items = [];
        bool isTuple = false;
        while (true)
        {
            if (IsTupleEnd(end))
            {
                break;
            }

            items.Add(Parse(withCondition));
            if (!tokens.TakeIf(","))
            {
                break;
            }

            isTuple = true;
        }

        return isTuple || (items.Count == 0 && isInParentheses) ? new TupleExpression(offset, [.. items])
            : items.Count == 1 ? items[0]
            : throw tokens.Fault($"expected an expression, found {tokens.Current}");
    }

    private bool IsTupleEnd(string? end) =>
        tokens.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || tokens.Current.Is(")") || (end is not null && tokens.Current.IsName(end));

    /// <summary>What can be assigned to: a name, a tuple of them, or an attribute of a namespace.</summary>
    public Target ParseTarget(bool withNamespace, string? end = null)
    {
        int offset = tokens.Current.Offset;
        List<Target> items = [];
        bool isTuple = false;
        while (!IsTupleEnd(end))
        {
            items.Add(SingleTarget(withNamespace));
            if (!tokens.TakeIf(","))
            {
                break;
            }

            isTuple = true;
        }

        return isTuple ? new TupleTarget(offset, [.. items])
            : items.Count == 1 ? items[0]
            : throw tokens.Fault($"expected a name to assign to, found {tokens.Current}");
    }

    private Target SingleTarget(bool withNamespace)
    {
        Budget.Deepen();
        if (tokens.TakeIf("("))
        {
            Target inner = ParseTarget(withNamespace);
            tokens.Expect(")");
            return inner;
        }

        Token name = tokens.Expect(TokenKind.Name, "a name to assign to");
        if (name.Text is "true" or "false" or "none" or "True" or "False" or "None")
        {
            throw TokenStream.Fault($"cannot assign to '{name.Text}'", name.Offset);
        }

        return withNamespace && tokens.TakeIf(".")
            ? new NamespaceTarget(name.Offset, name.Text, tokens.Expect(TokenKind.Name, "an attribute").Text)
            : new NameTarget(name.Offset, name.Text);
    }

    private Expression Or()
    {
        Expression left = And();
        while (tokens.Current.IsName("or"))
        {
            left = new LogicalExpression(tokens.Take().Offset, IsAnd: false, left, And());
        }

        return left;
    }

    private Expression And()
    {
        Expression left = Not();
        while (tokens.Current.IsName("and"))
        {
            left = new LogicalExpression(tokens.Take().Offset, IsAnd: true, left, Not());
        }

        return left;
    }

    private Expression Not()
    {
        Budget.Deepen();
        return tokens.Current.IsName("not") ? new NotExpression(tokens.Take().Offset, Not()) : Comparison();
    }

    private Expression Comparison()
    {
        Expression first = Sum();
        int offset = tokens.Current.Offset;
        List<(string, Expression)> rest = [];
        while (true)
        {
            Token token = tokens.Current;
            if (token.Kind == TokenKind.Operator && token.Text is "==" or "!=" or "<" or "<=" or ">" or ">=")
            {
                rest.Add((tokens.Take().Text, Sum()));
            }
            else if (tokens.TakeIfName("in"))
            {
                rest.Add(("in", Sum()));
            }
            else if (token.IsName("not") && tokens.Following.IsName("in"))
            {
                tokens.Take();
                tokens.Take();
                rest.Add(("not in", Sum()));
            }
            else
            {
                return rest.Count == 0 ? first : new ComparisonExpression(offset, first, [.. rest]);
            }
        }
    }

    private Expression Sum()
    {
        Expression left = Concatenation();
        while (tokens.Current.Is("+") || tokens.Current.Is("-"))
        {
            Token op = tokens.Take();
            left = new BinaryExpression(op.Offset, op.Text, left, Concatenation());
        }

        return left;
    }

    private Expression Concatenation()
    {
        Expression first = Product();
        int offset = tokens.Current.Offset;
        List<Expression> parts = [first];
        while (tokens.TakeIf("~"))
        {
            parts.Add(Product());
        }

        return parts.Count == 1 ? first : new ConcatenationExpression(offset, [.. parts]);
    }

    private Expression Product()
    {
        Expression left = Power();
        while (tokens.Current.Kind == TokenKind.Operator && tokens.Current.Text is "*" or "/" or "//" or "%")
        {
            Token op = tokens.Take();
            left = new BinaryExpression(op.Offset, op.Text, left, Power());
        }

        return left;
    }

    private Expression Power()
    {
        Expression left = Unary();
        while (tokens.Current.Is("**"))
        {
            left = new BinaryExpression(tokens.Take().Offset, "**", left, Unary());
        }

        return left;
    }

    private Expression Unary(bool withFilter = true)
    {
        Budget.Deepen();
        Token token = tokens.Current;
        Expression value = token.Is("-") || token.Is("+")
            ? new SignExpression(tokens.Take().Offset, token.Is("-"), Unary(withFilter: false))
            : Primary();
        value = Postfix(value);
        return withFilter ? Filters(value) : value;
    }

    private Expression Primary()
    {
        Token token = tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return Named(token);
            case TokenKind.Text:
                string text = token.Text;
                while (tokens.Current.Kind == TokenKind.Text)
                {
                    text += tokens.Take().Text;
                }

                return new Literal(token.Offset, new StringValue(text));
            case TokenKind.Integer:
                return new Literal(token.Offset, Integer(token));
            case TokenKind.Float:
                return new Literal(token.Offset, new FloatValue(
                    double.Parse(token.Text.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture)));
            case TokenKind.Operator when token.Is("("):
                Expression inner = ParseTuple(isInParentheses: true);
                tokens.Expect(")");
                return inner;
            case TokenKind.Operator when token.Is("["):
                return new ListExpression(token.Offset, [.. Until("]", () => Parse())]);
            case TokenKind.Operator when token.Is("{"):
                return new MappingExpression(token.Offset, [.. Until("}", Pair)]);
            default:
                throw TokenStream.Fault($"unexpected {token}", token.Offset);
        }
    }

    private Expression Named(Token token)
    {
        switch (token.Text)
        {
            case "true" or "True":
                return new Literal(token.Offset, BooleanValue.True);
            case "false" or "False":
                return new Literal(token.Offset, BooleanValue.False);
            case "none" or "None":
                return new Literal(token.Offset, NoneValue.Instance);
            default:
                Names.Add(token.Text);
                return new NameExpression(token.Offset, token.Text);
        }
    }

    private static JinjaValue Integer(Token token)
    {
        bool hasRadix = token.Text.Length > 1 && char.IsAsciiLetter(token.Text[1]);
        BigInteger? value = hasRadix || token.Text[0] != '0' || token.Text.All(c => c is '0' or '_') ? NumberParsing.Whole(token.Text, hasRadix ? 0 : 10) : null;
        return value is { } number ? Numbers.Of(number) : throw TokenStream.Fault($"'{token.Text}' is not a whole number", token.Offset);
    }

    private (Expression Key, Expression Value) Pair()
    {
        Expression key = Parse();
        tokens.Expect(":");
        return (key, Parse());
    }

    private List<T> Until<T>(string end, Func<T> read)
    {
        List<T> items = [];
        while (!tokens.Current.Is(end))
        {
            items.Add(read());
            if (!tokens.TakeIf(","))
            {
                break;
            }
        }

        tokens.Expect(end);
        return items;
    }

    private Expression Postfix(Expression value)
    {
        while (true)
        {
            Token token = tokens.Current;
            if (tokens.TakeIf("."))
            {
                Token name = tokens.Take();
                value = name.Kind switch
                {
                    TokenKind.Name => new AttributeExpression(token.Offset, value, name.Text),
                    TokenKind.Integer => new ItemExpression(token.Offset, value, new Literal(name.Offset, Integer(name))),
                    _ => throw TokenStream.Fault($"expected a name or a number after '.', found {name}", name.Offset),
                };
            }
            else if (tokens.TakeIf("["))
            {
                value = Subscript(token.Offset, value);
            }
            else if (token.Is("("))
            {
                value = new CallExpression(token.Offset, value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private Expression Subscript(int offset, Expression owner)
    {
        Expression? start = tokens.Current.Is(":") ? null : Parse();
        if (!tokens.TakeIf(":"))
        {
            Expression key = start ?? throw tokens.Fault($"expected an index, found {tokens.Current}");
            if (!tokens.Current.Is(","))
            {
                tokens.Expect("]");
                return new ItemExpression(offset, owner, key);
            }

            tokens.Expect(",");
            return new ItemExpression(offset, owner, new TupleExpression(offset, [key, .. Until("]", () => Parse())]));
        }

        Expression? stop = tokens.Current.Is(":") || tokens.Current.Is("]") ? null : Parse();
        Expression? step = tokens.TakeIf(":") && !tokens.Current.Is("]") ? Parse() : null;
        tokens.Expect("]");
        return new SliceExpression(offset, owner, start, stop, step);
    }

    private Expression Filters(Expression value)
    {
        while (true)
        {
            Token token = tokens.Current;
            if (tokens.TakeIf("|"))
            {
                value = new FilterExpression(token.Offset, value, ParseFilter());
            }
            else if (tokens.TakeIfName("is"))
            {
                value = Test(token.Offset, value);
            }
            else if (token.Is("("))
            {
                value = new CallExpression(token.Offset, value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    /// <summary>A filter's name and arguments.</summary>
    public FilterCall ParseFilter()
    {
        int offset = tokens.Current.Offset;
        return new FilterCall(offset, DottedName("the name of a filter"), tokens.Current.Is("(") ? ParseArguments() : ArgumentList.None);
    }

    private string DottedName(string what)
    {
        string name = tokens.Expect(TokenKind.Name, what).Text;
        while (tokens.TakeIf("."))
        {
            name += "." + tokens.Expect(TokenKind.Name, what).Text;
        }

        return name;
    }

    private Expression Test(int offset, Expression value)
    {
        bool isNegated = tokens.TakeIfName("not");
        string name = DottedName("the name of a test");
        ArgumentList arguments = ArgumentList.None;
        Token next = tokens.Current;
        if (next.Is("("))
        {
            arguments = ParseArguments();
        }
        else if (next.IsName("is"))
        {
            throw tokens.Fault("tests cannot be chained with 'is'");
        }
        else if (next.Kind is TokenKind.Text or TokenKind.Integer or TokenKind.Float || next.Is("[") || next.Is("{")
            || (next.Kind == TokenKind.Name && next.Text is not ("else" or "or" or "and")))
        {
            arguments = new ArgumentList([Postfix(Primary())], [], null, null);
        }

        Expression test = new TestExpression(offset, value, name, arguments);
        return isNegated ? new NotExpression(offset, test) : test;
    }

    private ArgumentList ParseArguments()
    {
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        Expression? more = null, moreNamed = null;
        tokens.Expect("(");
        while (!tokens.Current.Is(")"))
        {
            Token token = tokens.Current;
            if (tokens.TakeIf("**"))
            {
                moreNamed = moreNamed is null ? Parse() : throw TokenStream.Fault("'**' is given twice", token.Offset);
            }
            else if (tokens.TakeIf("*"))
            {
                more = more is null && moreNamed is null ? Parse() : throw TokenStream.Fault("'*' is given twice or after '**'", token.Offset);
            }
            else if (token.Kind == TokenKind.Name && tokens.Following.Is("="))
            {
                tokens.Take();
                tokens.Take();
                named.Add((token.Text, Parse()));
            }
            else if (named.Count > 0 || more is not null || moreNamed is not null)
            {
                throw TokenStream.Fault("an argument without a name follows one with a name", token.Offset);
            }
            else
            {
                positional.Add(Parse());
            }

            if (!tokens.TakeIf(","))
            {
                break;
            }
        }

        tokens.Expect(")");
        return new ArgumentList([.. positional], [.. named], more, moreNamed);
    }
}
