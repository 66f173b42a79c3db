using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>Reads the calls of a section that a model wrote.</summary>
/// <param name="syntax">How it writes them.</param>
/// <param name="tools">The tools it was given, for the types of their arguments.</param>
internal sealed class ToolCallReader(ToolCallSyntax syntax, IReadOnlyList<ToolDeclaration> tools)
{
    private static readonly string[] NameKeys = ["name", "tool_name", "function"];
    private static readonly string[] ArgumentsKeys = ["arguments", "parameters", "args"];
    private static readonly string[] IdKeys = ["id", "tool_call_id"];

    /// <summary>The calls of a section, its marks included; null where it holds something else.</summary>
    public List<ToolCall>? Read(string section) => syntax.Form switch
    {
        ToolCallForm.Named => Named(section),
        ToolCallForm.Members or ToolCallForm.Recipients => Members(section),
        ToolCallForm.Pairs => PairCalls.Read(Inside(section), syntax.NamePrefix, syntax.QuoteMark),
        ToolCallForm.Python => PythonCalls.Read(Inside(section)),
        _ => Objects(Inside(section)),
    };

    /// <summary>A reader of the calls of a section while they are being written; null where they are read whole.</summary>
    /// <param name="sink">Takes the calls.</param>
    /// <param name="hasTrigger">Whether the section begins with the mark that shows that calls begin.</param>
    public ICallStream? Stream(CallSink sink, bool hasTrigger) => syntax.Form switch
    {
        ToolCallForm.Objects or ToolCallForm.Bare => new ObjectCallStream(syntax, tools, sink, hasTrigger),
        ToolCallForm.Named => new NamedCallStream(syntax, tools, sink),
        ToolCallForm.Members => new MemberCallStream(syntax, tools, sink, takesAnyName: false),
        _ => null,
    };

    public static bool IsNameKey(ToolCallSyntax syntax, string key) => IsOneOf(NameKeys, syntax.NameKey, key);

    public static bool IsArgumentsKey(ToolCallSyntax syntax, string key) => IsOneOf(ArgumentsKeys, syntax.ArgumentsKey, key);

    public static bool IsIdKey(string key) => IdKeys.Contains(key, StringComparer.Ordinal);

    private static bool IsOneOf(string[] usual, string own, string key) =>
        usual.Contains(key, StringComparer.Ordinal) || string.Equals(own, key, StringComparison.Ordinal);

    /// <summary>Calls as JSON objects, alone or in lists.</summary>
    private List<ToolCall>? Objects(string body)
    {
        List<ToolCall> calls = [];
        foreach (JsonElement value in JsonPieces.All(Unfenced(body)) ?? [])
        {
            foreach (JsonElement item in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : Enumerable.Repeat(value, 1))
            {
                if (CallOf(item) is not { } call)
                {
                    return null;
                }

                calls.Add(call);
            }
        }

        return calls.Count == 0 ? null : calls;
    }

    /// <summary>What stands in a block of code, which some models put around JSON.</summary>
    private static string Unfenced(string body)
    {
        string text = body.Trim();
        if (text.StartsWith("```json", StringComparison.Ordinal))
        {
            int end = text.IndexOf("```", 7, StringComparison.Ordinal);
            return end < 0 ? text[7..] : text[7..end];
        }

        return text;
    }

    private ToolCall? CallOf(JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        if (syntax.NameKey.Length == 0)
        {
            return item.EnumerateObject().ToArray() is [var only] ? Checked(null, only.Name, only.Value) : null;
        }

        JsonElement outer = item;
        if (item.TryGetProperty("function", out JsonElement function) && function.ValueKind == JsonValueKind.Object)
        {
            item = function;
        }

        return First(item, NameKeys.Prepend(syntax.NameKey)) is { ValueKind: JsonValueKind.String } name
            ? Checked(
                First(outer, IdKeys) is { ValueKind: JsonValueKind.String } id ? id.GetString() : null,
                name.GetString()!,
                First(item, ArgumentsKeys.Prepend(syntax.ArgumentsKey)) ?? JsonElement.Parse("{}"))
            : null;
    }

    /// <summary>Calls as a name and a JSON object.</summary>
    private List<ToolCall>? Named(string section)
    {
        List<ToolCall> calls = [];
        string before = syntax.BeforeName, after = syntax.AfterName.Trim();
        int at = 0;
        while ((at = section.IndexOf(before, at, StringComparison.Ordinal)) >= 0)
        {
            at += before.Length;
            int end = section.IndexOf(after, at, StringComparison.Ordinal);
            if (end < 0)
            {
                return null;
            }

            string name = section[at..end].Trim();
            at = end + after.Length;
            if (JsonPieces.First(section[at..]) is not { } arguments)
            {
                return null;
            }

            at += arguments.Length;
            (string? id, name) = syntax.SplitId(name);
            if (Checked(id, name, arguments.Value) is not { } call)
            {
                return null;
            }

            calls.Add(call);
        }

        return calls.Count == 0 ? null : calls;
    }

    /// <summary>Calls as a name and members between tags.</summary>
    private List<ToolCall>? Members(string section)
    {
        // Where the end of the section is that of the call, an answer may have left it out.
        string whole = string.IsNullOrEmpty(syntax.Close) && syntax.End is { } end && !section.EndsWith(end, StringComparison.Ordinal)
            ? section + end : section;
        CallSink sink = new(parts: null);
        MemberCallStream stream = new(syntax, tools, sink, takesAnyName: true);
        stream.Read(whole);
        return stream.HasFailed || sink.Calls.Count == 0 ? null : sink.Calls;
    }

    private string Inside(string section)
    {
        string body = section;
        if (syntax.Trigger is { } open && body.StartsWith(open, StringComparison.Ordinal))
        {
            body = body[open.Length..];
        }

        return syntax.End is { } close && body.EndsWith(close, StringComparison.Ordinal) ? body[..^close.Length] : body;
    }

    private static ToolCall? Checked(string? id, string name, JsonElement arguments)
    {
        // Some models write the object as a text.
        if (arguments.ValueKind == JsonValueKind.String && JsonPieces.All(arguments.GetString()!) is [var inner])
        {
            arguments = inner;
        }

        return name.Length > 0 && arguments.ValueKind is JsonValueKind.Object ? ToolCall.Of(id, name, arguments) : null;
    }

    private static JsonElement? First(JsonElement item, IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (item.TryGetProperty(name, out JsonElement value))
            {
                return value;
            }
        }

        return null;
    }
}
