using System.Globalization;
using System.Numerics;
using System.Text;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Syntax;

/// <summary>Names, literals, and what follows them: attributes, items, calls, filters and tests.</summary>
internal sealed partial class ExpressionParser
{
    private Expression Primary()
    {
        Token token = tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return Named(token);
            case TokenKind.Text:
                return new Literal(token.Offset, new StringValue(Joined(token.Text)));
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

    /// <summary>Texts that stand side by side are one; there may be thousands of them.</summary>
    private string Joined(string first)
    {
        if (tokens.Current.Kind != TokenKind.Text)
        {
            return first;
        }

        StringBuilder all = new(first);
        while (tokens.Current.Kind == TokenKind.Text)
        {
            all.Append(tokens.Take().Text);
        }

        return all.ToString();
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
        BigInteger? value = hasRadix || token.Text[0] != '0'
            || token.Text.All(c => c is '0' or '_') ? NumberParsing.Whole(token.Text, hasRadix ? 0 : 10) : null;
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
        string first = tokens.Expect(TokenKind.Name, what).Text;
        if (!tokens.Current.Is("."))
        {
            return first;
        }

        StringBuilder all = new(first);
        while (tokens.TakeIf("."))
        {
            all.Append('.').Append(tokens.Expect(TokenKind.Name, what).Text);
        }

        return all.ToString();
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
                more = more is null && moreNamed is null ? Parse()
                    : throw TokenStream.Fault("'*' is given twice or after '**'", token.Offset);
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
