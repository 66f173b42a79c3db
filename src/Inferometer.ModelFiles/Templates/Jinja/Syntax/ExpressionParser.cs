using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Syntax;

/// <summary>
/// Reads expressions, with the precedence of Jinja: <c>or, and, not, comparison, + -, ~, * / // %, **, sign,
/// postfix, filter</c>.
/// </summary>
internal sealed partial class ExpressionParser(TokenStream tokens)
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
        tokens.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || tokens.Current.Is(")") || (end is not null
            && tokens.Current.IsName(end));

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
}
