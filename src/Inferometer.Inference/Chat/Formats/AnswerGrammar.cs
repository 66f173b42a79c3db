using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Constraints.Grammars;
using Inferometer.Inference.Constraints.Schemas;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// What an answer must be where it must be a call of a tool, or JSON, in the way that the models of a template write: reasoning may come
/// before it.
/// </summary>
internal sealed partial class AnswerGrammar
{
    private const int MostCalls = 16;

    private readonly GrammarBuilder _grammar = new();
    private readonly JsonGrammar _json;
    private readonly ChatFormat _format;
    private readonly string _prompt;

    private AnswerGrammar(ChatFormat format, string prompt)
    {
        _json = new JsonGrammar(_grammar);
        (_format, _prompt) = (format, prompt);
    }

    /// <summary>An answer that calls tools.</summary>
    /// <param name="format">How it is written.</param>
    /// <param name="prompt">What it answers.</param>
    /// <param name="tools">The tools that may be called.</param>
    /// <param name="many">Whether there may be several calls.</param>
    /// <param name="orJson">Schema of what it may be instead; null = it must call.</param>
    /// <exception cref="InferometerException">The schema of a tool cannot be held to.</exception>
    public static OutputConstraint Calls(
        ChatFormat format, string prompt, IReadOnlyList<ToolDeclaration> tools, bool many, JsonElement? orJson = null)
    {
        AnswerGrammar work = new(format, prompt);
        string key = string.Join('\n', tools.Select(tool => $"{tool.Name} {tool.Parameters.GetRawText()}"));
        return orJson is not { } schema ? work.Build($"calls {format.ToolCalls} {many}", key, () => work.Calls(tools, many))
            : work.Build(
                $"calls {format.ToolCalls} {many} or", $"{schema.GetRawText()}\n{key}",
                () => Expression.Choice([work.Calls(tools, many), work.Json(schema)]));
    }

    /// <summary>An answer that may call tools: any text, but where it begins like a call it is one.</summary>
    /// <param name="format">How calls are written.</param>
    /// <param name="prompt">What it answers.</param>
    /// <param name="tools">The tools that may be called.</param>
    /// <param name="many">Whether there may be several calls.</param>
    /// <param name="tokens">Control tokens that may stand in the text.</param>
    /// <returns>Null where the beginning of a call cannot be told from that of a text.</returns>
    /// <exception cref="InferometerException">The schema of a tool cannot be held to.</exception>
    public static OutputConstraint? MayCall(
        ChatFormat format, string prompt, IReadOnlyList<ToolDeclaration> tools, bool many, IReadOnlyList<int> tokens)
    {
        AnswerGrammar work = new(format, prompt);
        string key = string.Join('\n', tools.Select(tool => $"{tool.Name} {tool.Parameters.GetRawText()}"));
        return format.Syntax switch
        {
            { Form: ToolCallForm.Harmony } when work.WrittenOfHeader.Length == 0 => work.Build("may call", key, () => work.Messages(tools)),
            { Form: ToolCallForm.Harmony or ToolCallForm.Bare } or { Trigger: null } or null => null,
            { Trigger: { } trigger } => work.Build(
                $"may call {many}", key,
                () => Expression.Sequence(TextBefore(trigger, tokens), Expression.Optional(work.Calls(tools, many)))),
        };
    }

    /// <summary>An answer that is JSON of a schema.</summary>
    public static OutputConstraint Json(ChatFormat format, string prompt, JsonElement schema)
    {
        AnswerGrammar work = new(format, prompt);
        return work.Build("answer", schema.GetRawText(), () => work.Json(schema));
    }

    /// <summary>A text in which no call begins. Between two tokens it is looked at anew, as no mark goes on behind one.</summary>
    private static Expression TextBefore(string trigger, IReadOnlyList<int> tokens)
    {
        Expression text = new WithoutMarkerExpression(trigger);
        return tokens.Count == 0 ? text : Expression.Sequence(
            text,
            Expression.Repeat(
                Expression.Sequence(Expression.Choice([.. tokens.Select(id => new TokenExpression(id))]), text), 0, null));
    }

    /// <summary>Messages to oneself and to the user, then the answer or a call.</summary>
    private Expression Messages(IReadOnlyList<ToolDeclaration> tools)
    {
        Expression text = Expression.Repeat(Expression.Characters(CharacterSet.Any), 0, null);
        return Expression.Sequence(
            Expression.Repeat(Expression.Choice(Before("analysis"), Before("commentary")), 0, null),
            Expression.Choice(
                Expression.Sequence(Header("<|channel|>final<|message|>"), text), Calls(tools, many: false)));

        static Expression Before(string channel) => Expression.Sequence(
            Mark("<|channel|>"), Expression.Text(channel), Mark("<|message|>"), new UntilMarkerExpression("<|end|>"), Mark("<|start|>"),
            Expression.Text("assistant"));
    }

    private Expression Json(JsonElement schema)
    {
        SchemaCompiler.RequireUnicode(schema, "response format");
        Expression value = Schema(schema, "response format");
        return IsHarmony ? Expression.Sequence(Header("<|channel|>final<|message|>"), value)
            : Expression.Sequence(JsonGrammar.Beginning, value);
    }

    private bool IsHarmony => _format.Syntax is { Form: ToolCallForm.Harmony };

    private OutputConstraint Build(string kind, string content, Func<Expression> body)
    {
        int root = _grammar.Declare("root");
        bool isThinking = _format.Reasoning is { } tags && _prompt.TrimEnd().EndsWith(tags.Open, StringComparison.Ordinal);
        string begun = IsHarmony ? _prompt[Math.Max(0, _prompt.LastIndexOf("<|start|>", StringComparison.Ordinal))..] : "";
        _grammar.Define(root, Expression.Sequence(Reasoning(isThinking), body()));
        string key = $"{kind} {_format.ToolCalls} {_format.Reasoning} {isThinking} {begun} {content}";
        return OutputConstraint.Of(key, _grammar.Build(root, "answer"));
    }

    private Expression Reasoning(bool isThinking)
    {
        Expression blank = Expression.Repeat(Expression.Text("\n"), 0, 2);
        if (IsHarmony)
        {
            return Expression.Optional(Expression.Sequence(
                Mark("<|channel|>"), Expression.Text("analysis"), Mark("<|message|>"), new UntilMarkerExpression("<|end|>"),
                Mark("<|start|>"), Expression.Text("assistant")));
        }

        if (_format.Reasoning is not { } tags)
        {
            return Expression.Empty;
        }

        Expression rest = Expression.Sequence(new UntilMarkerExpression(tags.Close), blank);
        return isThinking ? rest : Expression.Optional(Expression.Sequence(Mark(tags.Open), rest));
    }

    private Expression Calls(IReadOnlyList<ToolDeclaration> tools, bool many)
    {
        ToolCallSyntax syntax = _format.Syntax!;
        Expression one = Expression.Choice([.. tools.Select(tool => Call(syntax, tool))]);
        int most = many ? MostCalls : 1;
        Expression line = Expression.Text("\n");
        switch (syntax.Form)
        {
            case ToolCallForm.Harmony or ToolCallForm.Bare:
                return one; // several are no part of the format
            case ToolCallForm.Recipients:
                return Messages(syntax, tools, most);
            case ToolCallForm.Python when syntax.OnLines:
                return Expression.Sequence(
                    Marks(syntax.Open), line, Repeated(one, line, most), line, Marks(syntax.Close));
            case ToolCallForm.Python:
                return Expression.Sequence(
                    Marks(syntax.Open), Expression.Text("["), Repeated(one, Expression.Text(", "), most), Expression.Text("]"),
                        Marks(syntax.Close));
            case ToolCallForm.Objects when syntax.IsList:
                return Expression.Sequence(
                    Marks(syntax.Open), Expression.Text("["), Repeated(one, JsonGrammar.Comma, most), Expression.Text("]"),
                        Marks(syntax.Close));
            case ToolCallForm.Pairs:
                return Repeated(Expression.Sequence(Marks(syntax.Open), one, Marks(syntax.Close)), Expression.Empty, most);
            case ToolCallForm.Objects:
                return Repeated(Expression.Sequence(
                    Marks(syntax.Open), Expression.Optional(line), one, Expression.Optional(line), Marks(syntax.Close)), line, most);
            default:
                // GLM and Qwen3-Coder write a section for each call, others all calls in one.
                bool sectionEach = syntax.SectionOpen is null
                    || (syntax.Form == ToolCallForm.Members && syntax.SectionOpen.Contains("tool_call>", StringComparison.Ordinal));
                Expression calls = sectionEach ? one : Repeated(one, Expression.Optional(line), most);
                Expression section = syntax.SectionOpen is null ? calls : Expression.Sequence(
                    Marks(syntax.SectionOpen), Expression.Optional(line), calls, Expression.Optional(line), Marks(syntax.SectionClose));
                return sectionEach ? Repeated(section, Expression.Optional(line), most) : section;
        }
    }

    private static Expression Repeated(Expression item, Expression separator, int most) =>
        Expression.Sequence(item, Expression.Repeat(Expression.Sequence(separator, item), 0, most - 1));

    private Expression Call(ToolCallSyntax syntax, ToolDeclaration tool)
    {
        string origin = $"tool '{tool.Name}'";
        SchemaCompiler.RequireUnicode(tool.Parameters, origin);
        Expression arguments = syntax.Form is ToolCallForm.Members or ToolCallForm.Python or ToolCallForm.Pairs ? Expression.Empty
            : Schema(tool.Parameters, origin);
        return syntax.Form switch
        {
            ToolCallForm.Harmony => Expression.Sequence(
                Header($"<|channel|>commentary to=functions.{tool.Name} <|constrain|>json<|message|>"), arguments),
            ToolCallForm.Named => Expression.Sequence(
                Marks(syntax.BeforeName), Expression.Text(syntax.NamePrefix + tool.Name),
                syntax.HasNameIndex ? Expression.Sequence(Expression.Text(":"), JsonGrammar.Digits(1, 2)) : Expression.Empty,
                syntax.IdMark is { } mark ? Expression.Optional(Expression.Sequence(Marks(mark), Id)) : Expression.Empty,
                Marks(syntax.AfterName), arguments, Marks(syntax.Close)),
            ToolCallForm.Members => Members(syntax, tool, origin),
            ToolCallForm.Pairs => Pairs(syntax, tool, origin),
            ToolCallForm.Python => Python(tool, origin),
            _ => Object(syntax, tool, arguments),
        };
    }

    private static Expression Id => Expression.Repeat(Expression.Characters(
        CharacterSet.Of(new SymbolRange('0', '9'), new SymbolRange('A', 'Z'), new SymbolRange('a', 'z'))), 9, 9);

    private static Expression Object(ToolCallSyntax syntax, ToolDeclaration tool, Expression arguments)
    {
        if (syntax.NameKey.Length == 0)
        {
            return JsonGrammar.Braces(JsonGrammar.Member(Name(tool.Name), arguments));
        }

        List<ListItem> members =
        [
            new(JsonGrammar.Member(Name(syntax.NameKey), Name(tool.Name)), IsRequired: true),
            new(JsonGrammar.Member(Name(syntax.ArgumentsKey), arguments), IsRequired: true),
        ];
        if (syntax.IdKey is { } id)
        {
            Expression value = JsonGrammar.InQuotes(Expression.Choice(Id, JsonGrammar.Digits(1, 2)));
            ListItem item = new(JsonGrammar.Member(Name(id), value), IsRequired: false);
            members.Insert(id is "tool_call_id" ? 0 : 2, item); // Cohere's stands first
        }

        return JsonGrammar.Braces(new ListExpression(members, JsonGrammar.Comma, Extra: null));
    }

    private Expression Python(ToolDeclaration tool, string origin)
    {
        ListItem[] arguments =
        [
            .. Arguments(tool).Select(argument => new ListItem(
                Expression.Sequence(Expression.Text(argument.Name + "="), Schema(argument.Schema, tool.Parameters, origin)),
                    argument.IsRequired)),
        ];
        return Expression.Sequence(
            Expression.Text(tool.Name + "("), new ListExpression(arguments, Expression.Text(", "), Extra: null), Expression.Text(")"));
    }

    private static IEnumerable<(string Name, JsonElement Schema, bool IsRequired)> Arguments(ToolDeclaration tool)
    {
        HashSet<string> required = tool.Parameters.TryGetProperty("required", out JsonElement names)
            ? [.. names.EnumerateArray().Select(name => name.GetString() ?? "")] : [];
        return tool.Parameters.TryGetProperty("properties", out JsonElement properties)
            ? properties.EnumerateObject().Select(property => (property.Name, property.Value, required.Contains(property.Name)))
            : [];
    }

    private string WrittenOfHeader
    {
        get
        {
            const string Assistant = "assistant";
            int at = _prompt.LastIndexOf(Assistant, StringComparison.Ordinal);
            return at < 0 ? "" : _prompt[(at + Assistant.Length)..];
        }
    }

    private Expression Header(string text)
    {
        // What the prompt has written of it already is not written again.
        string written = WrittenOfHeader;
        return Marks(text.StartsWith(written, StringComparison.Ordinal) ? text[written.Length..] : text);
    }

    private Expression Schema(JsonElement schema, string origin) => Schema(schema, schema, origin);

    private Expression Schema(JsonElement schema, JsonElement root, string origin) =>
        new SchemaCompiler(_grammar, _json, root, origin, GrammarLimits.Default).Value(schema);

    private static Expression Name(string text) => Expression.Text($"\"{JsonEncodedText.Encode(text)}\"");

    private static Expression Mark(string text) => new MarkerExpression(text);

    /// <summary>A text with the marks in it that may be control tokens.</summary>
    private Expression Marks(string? text)
    {
        List<Expression> parts = [];
        string rest = text ?? "";
        if (_format.Syntax?.NestedMark is { } nested && rest.IndexOf(nested, StringComparison.Ordinal) is var at and >= 0)
        {
            return Expression.Sequence(Marks(rest[..at]), Mark(nested), Marks(rest[(at + nested.Length)..]));
        }

        while (rest.Length > 0)
        {
            int open = rest.IndexOfAny(['<', '[']);
            int close = open < 0 ? -1 : rest.IndexOf(rest[open] == '<' ? '>' : ']', open);
            if (close < 0)
            {
                parts.Add(Expression.Text(rest));
                break;
            }

            if (open > 0)
            {
                parts.Add(Expression.Text(rest[..open]));
            }

            parts.Add(Mark(rest[open..(close + 1)]));
            rest = rest[(close + 1)..];
        }

        return Expression.Sequence(parts);
    }
}
