using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Syntax;

/// <summary>Reads a template into its statements.</summary>
internal sealed class TemplateParser
{
    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;
    private int _loops;

    private TemplateParser(string source)
    {
        _tokens = new TokenStream(Lexer.Tokenize(source));
        _expressions = new ExpressionParser(_tokens);
    }

    /// <param name="source">A source that <see cref="Lexer.Normalize"/> made.</param>
    /// <exception cref="JinjaException">It is no template; the offset is known.</exception>
    public static Statement[] Parse(string source)
    {
        var parser = new TemplateParser(source);
        return parser.Body(-1, "the template");
    }

    /// <summary>Statements up to one of the tags that may end them; that tag's name is the current token afterwards.</summary>
    private Statement[] Body(int opened, string what, params ReadOnlySpan<string> ends)
    {
        Budget.Deepen();
        List<Statement> body = [];
        while (true)
        {
            Token token = _tokens.Take();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    body.Add(new TextStatement(token.Offset, token.Text));
                    break;
                case TokenKind.VariableBegin:
                    body.Add(new PrintStatement(_tokens.Current.Offset, _expressions.ParseTuple()));
                    _tokens.Expect(TokenKind.VariableEnd, "'}}'");
                    break;
                case TokenKind.BlockBegin when _tokens.Current.Kind == TokenKind.Name && ends.Contains(_tokens.Current.Text):
                    return [.. body];
                case TokenKind.BlockBegin:
                    body.Add(Statement(token.Offset, what, ends));
                    break;
                default:
                    return ends.IsEmpty ? [.. body] : throw TokenStream.Fault($"{what} is not closed: '{ends[^1]}' is missing", opened);
            }
        }
    }

    private Statement Statement(int offset, string what, ReadOnlySpan<string> ends)
    {
        Token tag = _tokens.Expect(TokenKind.Name, "the name of a tag");
        return tag.Text switch
        {
            "if" => If(offset),
            "for" => For(offset),
            "set" => Set(offset),
            "macro" => MacroOf(offset),
            "call" => Call(offset),
            "filter" => Filter(offset),
            "with" => With(offset),
            "print" => Print(offset),
            "generation" => Scope(offset, "generation", "endgeneration"),
            "block" => Block(offset),
            "break" => Loop(tag, new BreakStatement(offset)),
            "continue" => Loop(tag, new ContinueStatement(offset)),
            "include" or "import" or "from" or "extends" =>
                throw TokenStream.Fault($"'{tag.Text}' is not supported: a chat template has no other templates beside it", tag.Offset),
            _ => throw TokenStream.Fault($"unknown tag '{tag.Text}'" + (ends.IsEmpty ? ""
                : $" within {what}, which '{ends[^1]}' closes"), tag.Offset),
        };
    }

    private void EndTag() => _tokens.Expect(TokenKind.BlockEnd, "'%}'");

    /// <summary>The body of a tag, its end tag taken.</summary>
    private Statement[] Closed(int offset, string name, string end)
    {
        BeginBody();
        Statement[] body = Body(offset, $"'{name}'", end);
        _tokens.Take();
        EndTag();
        return body;
    }

    /// <summary>A colon before the end of an opening tag is allowed, as in Python.</summary>
    private void BeginBody()
    {
        _tokens.TakeIf(":");
        EndTag();
    }

    private IfStatement If(int offset)
    {
        List<(Expression, Statement[])> branches = [];
        while (true)
        {
            Expression test = _expressions.ParseTuple(withCondition: false);
            BeginBody();
            branches.Add((test, Body(offset, "'if'", "elif", "else", "endif")));
            Token end = _tokens.Take();
            if (end.Text is "elif")
            {
                continue;
            }

            Statement[] otherwise = end.Text is "else" ? Closed(offset, "if", "endif") : [];
            if (end.Text is "endif")
            {
                EndTag();
            }

            return new IfStatement(offset, [.. branches], otherwise);
        }
    }

    private ForStatement For(int offset)
    {
        Target target = _expressions.ParseTarget(withNamespace: false, "in");
        if (!_tokens.TakeIfName("in"))
        {
            throw _tokens.Fault($"expected 'in', found {_tokens.Current}");
        }

        Expression source = _expressions.ParseTuple(withCondition: false, "recursive");
        Expression? filter = _tokens.TakeIfName("if") ? _expressions.Parse() : null;
        bool isRecursive = _tokens.TakeIfName("recursive");
        BeginBody();
        _loops++;
        Statement[] body = Body(offset, "'for'", "else", "endfor");
        _loops--;
        bool hasElse = _tokens.Take().Text is "else";
        Statement[] otherwise = hasElse ? Closed(offset, "for", "endfor") : [];
        if (!hasElse)
        {
            EndTag();
        }

        return new ForStatement(offset, target, source, filter, body, otherwise, isRecursive);
    }

    private Statement Loop(Token tag, Statement statement)
    {
        EndTag();
        return _loops > 0 ? statement : throw TokenStream.Fault($"'{tag.Text}' stands outside of a loop", tag.Offset);
    }

    private Statement Set(int offset)
    {
        Target target = _expressions.ParseTarget(withNamespace: true);
        if (_tokens.TakeIf("="))
        {
            Expression value = _expressions.ParseTuple();
            EndTag();
            return new SetStatement(offset, target, value);
        }

        List<FilterCall> filters = [];
        while (_tokens.TakeIf("|"))
        {
            filters.Add(_expressions.ParseFilter());
        }

        return new SetBlockStatement(offset, target, [.. filters], Closed(offset, "set", "endset"));
    }

    private MacroStatement MacroOf(int offset)
    {
        string name = _tokens.Expect(TokenKind.Name, "the name of the macro").Text;
        return new MacroStatement(offset, MacroBody(offset, name, Parameters(), "macro", "endmacro"));
    }

    private (string, Expression?)[] Parameters()
    {
        List<(string, Expression?)> parameters = [];
        _tokens.Expect("(");
        bool hasDefaults = false;
        while (!_tokens.Current.Is(")"))
        {
            Token name = _tokens.Expect(TokenKind.Name, "the name of a parameter");
            Expression? fallback = _tokens.TakeIf("=") ? _expressions.Parse() : null;
            hasDefaults |= fallback is not null;
            if (fallback is null && hasDefaults)
            {
                throw TokenStream.Fault("a parameter without a default follows one with a default", name.Offset);
            }

            parameters.Add((name.Text, fallback));
            if (!_tokens.TakeIf(","))
            {
                break;
            }
        }

        _tokens.Expect(")");
        return [.. parameters];
    }

    private Macro MacroBody(int offset, string name, (string Name, Expression?)[] parameters, string tag, string end)
    {
        HashSet<string> outer = _expressions.Names;
        _expressions.Names = new HashSet<string>(StringComparer.Ordinal);
        int loops = _loops;
        _loops = 0;
        Statement[] body = Closed(offset, tag, end);
        _loops = loops;
        HashSet<string> used = _expressions.Names;
        outer.UnionWith(used);
        _expressions.Names = outer;
        return new Macro(name, parameters, body, used.Contains("caller"), used.Contains("varargs"), used.Contains("kwargs"));
    }

    private CallStatement Call(int offset)
    {
        (string, Expression?)[] parameters = _tokens.Current.Is("(") ? Parameters() : [];
        Token start = _tokens.Current;
        var call = _expressions.Parse() as CallExpression ?? throw TokenStream.Fault("expected the call of a macro", start.Offset);
        return new CallStatement(offset, call, MacroBody(offset, "caller", parameters, "call", "endcall"));
    }

    private FilterStatement Filter(int offset)
    {
        List<FilterCall> filters = [_expressions.ParseFilter()];
        while (_tokens.TakeIf("|"))
        {
            filters.Add(_expressions.ParseFilter());
        }

        return new FilterStatement(offset, [.. filters], Closed(offset, "filter", "endfilter"));
    }

    private WithStatement With(int offset)
    {
        List<(Target, Expression)> assignments = [];
        while (_tokens.Current.Kind != TokenKind.BlockEnd && !_tokens.Current.Is(":"))
        {
            if (assignments.Count > 0)
            {
                _tokens.Expect(",");
            }

            Token name = _tokens.Expect(TokenKind.Name, "a name to assign to");
            _tokens.Expect("=");
            assignments.Add((new NameTarget(name.Offset, name.Text), _expressions.Parse()));
        }

        return new WithStatement(offset, [.. assignments], Closed(offset, "with", "endwith"));
    }

    private ScopeStatement Print(int offset)
    {
        List<Statement> printed = [];
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (printed.Count > 0)
            {
                _tokens.Expect(",");
            }

            printed.Add(new PrintStatement(_tokens.Current.Offset, _expressions.Parse()));
        }

        EndTag();
        return new ScopeStatement(offset, [.. printed]);
    }

    private ScopeStatement Scope(int offset, string name, string end)
    {
        // As in the reference the text is a function of its own there, so that a loop outside cannot be left from within.
        int loops = _loops;
        _loops = 0;
        Statement[] body = Closed(offset, name, end);
        _loops = loops;
        return new ScopeStatement(offset, body);
    }

    private ScopeStatement Block(int offset)
    {
        string name = _tokens.Expect(TokenKind.Name, "the name of the block").Text;
        _tokens.TakeIfName("scoped");
        _tokens.TakeIfName("required");
        int loops = _loops;
        _loops = 0;
        BeginBody();
        Statement[] body = Body(offset, "'block'", "endblock");
        _tokens.Take();
        _tokens.TakeIfName(name);
        EndTag();
        _loops = loops;
        return new ScopeStatement(offset, body);
    }
}
