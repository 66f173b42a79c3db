using System.Text.Json;
using Inferometer.Inference.Constraints.Grammars;
using Inferometer.Inference.Constraints.Schemas;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>Calls whose arguments are not one JSON object: between tags, in braces with marks around texts, as messages.</summary>
internal sealed partial class AnswerGrammar
{
    private const int MostItems = 32;

    private static Expression Line => Expression.Optional(Expression.Text("\n"));

    private Expression Members(ToolCallSyntax syntax, ToolDeclaration tool, string origin)
    {
        ListItem[] arguments =
        [
            .. Arguments(tool).Select(argument => new ListItem(
                Member(syntax, tool, argument.Name, argument.Schema, origin), argument.IsRequired)),
        ];
        return Expression.Sequence(
            Marks(syntax.BeforeName), Expression.Text(tool.Name), Filled(syntax.AfterName, JsonGrammar.Digits(1, 2)), Line,
            new ListExpression(arguments, Line, Extra: null), Line, Marks(syntax.Close));
    }

    private Expression Member(ToolCallSyntax syntax, ToolDeclaration tool, string name, JsonElement schema, string origin)
    {
        string? type = tool.TypeOf(name);
        string after = syntax.AfterValue.Replace(HoledMark.Hole, name, StringComparison.Ordinal);
        Expression key = Expression.Sequence(
            Marks(syntax.BeforeKey), Expression.Text(name), Marks(syntax.AfterKey),
            syntax.BeforeValue is { } before ? Expression.Sequence(Line, Filled(before, Types(type))) : Expression.Empty);
        if (syntax.NestedMark is { } mark)
        {
            return Expression.Sequence(key, Nested(mark, schema, tool.Parameters, origin, name));
        }

        return Expression.Sequence(
            key,
            type is "string" && IsPlain(schema) ? Until(after)
                : Expression.Sequence(Line, Schema(schema, tool.Parameters, origin), Line, Marks(after)));
    }

    /// <summary>The words for the types that a value may have.</summary>
    private static Expression Types(string? type) => type switch
    {
        "integer" or "number" => Expression.Text("number"),
        null => Expression.Choice([.. ((string[])["number", "boolean", "object", "array", "null"]).Select(Expression.Text)]),
        _ => Expression.Text(type),
    };

    /// <summary>A value as nested tags, and the tag that closes it.</summary>
    private Expression Nested(string mark, JsonElement schema, JsonElement root, string origin, string name)
    {
        Expression close = Expression.Sequence(Mark(mark), Expression.Text($"</{name}>"));
        string? type = ToolDeclaration.TypeOf(schema);
        if (type is "string" && IsPlain(schema))
        {
            return Expression.Sequence(new UntilMarkerExpression(mark), Expression.Text($"</{name}>"));
        }

        if (type is "array" && ToolDeclaration.Member(schema, "items") is { ValueKind: JsonValueKind.Object } items)
        {
            Expression item = Expression.Sequence(Mark(mark), Expression.Text("<item>"), Nested(mark, items, root, origin, "item"));
            return Expression.Sequence(Expression.Repeat(item, 1, MostItems), close);
        }

        if (type is "object" && ToolDeclaration.Member(schema, "properties") is { ValueKind: JsonValueKind.Object } properties)
        {
            Expression[] members =
            [
                .. properties.EnumerateObject().Select(property => Expression.Sequence(
                    Mark(mark), Expression.Text($"<{property.Name}>"), Nested(mark, property.Value, root, origin, property.Name))),
            ];
            return Expression.Sequence([.. members, close]);
        }

        return Expression.Sequence(Schema(schema, root, origin), close);
    }

    private Expression Pairs(ToolCallSyntax syntax, ToolDeclaration tool, string origin)
    {
        ListItem[] arguments =
        [
            .. Arguments(tool).Select(argument => new ListItem(
                Expression.Sequence(
                    Expression.Text(argument.Name + ":"), Pair(syntax, argument.Schema, tool.Parameters, origin)), argument.IsRequired)),
        ];
        return Expression.Sequence(
            Expression.Text($"{syntax.NamePrefix}{tool.Name}{{"), new ListExpression(arguments, Expression.Text(","), Extra: null),
            Expression.Text("}"));
    }

    /// <summary>A value between quote marks where it is a text or a list of texts; what is held to more is JSON, which is read
    /// too.</summary>
    private Expression Pair(ToolCallSyntax syntax, JsonElement schema, JsonElement root, string origin)
    {
        string? type = ToolDeclaration.TypeOf(schema);
        if (type is "string" && IsPlain(schema))
        {
            return Expression.Sequence(Mark(syntax.QuoteMark), new UntilMarkerExpression(syntax.QuoteMark));
        }

        return type is "array" && IsPlain(schema, "items")
            && ToolDeclaration.Member(schema, "items") is { ValueKind: JsonValueKind.Object } items
            ? Expression.Sequence(
                Expression.Text("["), Expression.Optional(Repeated(Pair(syntax, items, root, origin), Expression.Text(","), MostItems)),
                Expression.Text("]"))
            : Schema(schema, root, origin);
    }

    /// <summary>Calls as messages to tools: the header of the first goes on from the prompt.</summary>
    private Expression Messages(ToolCallSyntax syntax, IReadOnlyList<ToolDeclaration> tools, int most)
    {
        int at = _prompt.LastIndexOf(syntax.HeaderOpen, StringComparison.Ordinal);
        string written = at < 0 ? "" : _prompt[at..];
        Expression[] headed = [.. tools.Select(tool => Expression.Sequence(Marks(Rest(tool)), Body(tool)))];
        Expression[] whole = [.. tools.Select(tool => Expression.Sequence(Marks(Header(tool)), Body(tool)))];

        // The end of a message is mostly that of the answer, so that a second one comes only where no mark stands between.
        int more = syntax.Ends.Count == 0 ? most - 1 : 0;
        return Expression.Sequence(Expression.Choice(headed), Expression.Repeat(Expression.Choice(whole), 0, more));

        string Header(ToolDeclaration tool) => syntax.HeaderOpen + syntax.HeaderTo + tool.Name + syntax.HeaderEnd;

        string Rest(ToolDeclaration tool) =>
            Header(tool).StartsWith(written, StringComparison.Ordinal) ? Header(tool)[written.Length..] : Header(tool);

        Expression Body(ToolDeclaration tool) => syntax.BeforeName.Length == 0
            ? Schema(tool.Parameters, $"tool '{tool.Name}'")
            : Expression.Sequence(
                Marks(syntax.SectionOpen), Line, Members(syntax, tool, $"tool '{tool.Name}'"), Line, Marks(syntax.SectionClose));
    }

    /// <summary>A text up to a mark, whose first part may be a control token.</summary>
    private Expression Until(string mark)
    {
        int close = mark.StartsWith('<') ? mark.IndexOf('>', StringComparison.Ordinal) : -1;
        return close < 0 || close == mark.Length - 1 ? new UntilMarkerExpression(mark)
            : Expression.Sequence(new UntilMarkerExpression(mark[..(close + 1)]), Marks(mark[(close + 1)..]));
    }

    /// <summary>A mark with what stands in its hole.</summary>
    private Expression Filled(string mark, Expression part)
    {
        HoledMark holed = HoledMark.Of(mark);
        return holed.After is { } after ? Expression.Sequence(Marks(holed.Before), part, Marks(after)) : Marks(mark);
    }

    /// <summary>Whether a value is held to nothing but its type, and what else is named.</summary>
    private static bool IsPlain(JsonElement schema, string? more = null) => schema.EnumerateObject().All(member =>
        member.Name is "type" or "description" or "title" or "default" or "examples"
        || string.Equals(member.Name, more, StringComparison.Ordinal));
}
