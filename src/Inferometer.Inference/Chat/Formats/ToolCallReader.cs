using System.Text.Json;
using System.Text.RegularExpressions;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>Reads the calls of a section that a model wrote.</summary>
/// <param name="syntax">How it writes them.</param>
/// <param name="tools">The tools it was given, for the types of their arguments.</param>
internal sealed partial class ToolCallReader(ToolCallSyntax syntax, IReadOnlyList<ToolDeclaration> tools)
{
    private static readonly string[] NameKeys = ["name", "tool_name", "function"];
    private static readonly string[] ArgumentsKeys = ["arguments", "parameters", "args"];
    private static readonly string[] IdKeys = ["id", "tool_call_id"];

    /// <summary>The calls of a section, its marks included; null where it holds something else.</summary>
    public List<ToolCall>? Read(string section) => syntax.Form switch
    {
        ToolCallForm.Named => Named(section),
        ToolCallForm.Members => Members(section),
        ToolCallForm.Python => PythonCalls.Read(Inside(section)),
        _ => Objects(Inside(section)),
    };

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
            (string? id, name) = SplitId(syntax, name);
            if (Checked(id, name, arguments.Value) is not { } call)
            {
                return null;
            }

            calls.Add(call);
        }

        return calls.Count == 0 ? null : calls;
    }

    /// <summary>The id in the name of a call, and the name without it.</summary>
    internal static (string? Id, string Name) SplitId(ToolCallSyntax syntax, string name)
    {
        string? id = null;
        if (syntax.IdMark is { } mark && name.IndexOf(mark, StringComparison.Ordinal) is var at and >= 0)
        {
            (name, id) = (name[..at].Trim(), name[(at + mark.Length)..].Trim());
        }

        if (syntax.HasNameIndex && Index().Match(name) is { Success: true } index)
        {
            id = name; // Kimi's ids are name and number
            name = name[..index.Index];
        }

        return (id, name.StartsWith(syntax.NamePrefix, StringComparison.Ordinal) ? name[syntax.NamePrefix.Length..] : name);
    }

    /// <summary>Calls as a name and members between tags.</summary>
    private List<ToolCall>? Members(string section)
    {
        string body = syntax.BeforeName.Length == 0 ? Inside(section) : section;
        List<ToolCall> calls = [];
        int at = 0;
        do
        {
            if (syntax.BeforeName.Length > 0)
            {
                at = body.IndexOf(syntax.BeforeName, at, StringComparison.Ordinal);
                if (at < 0)
                {
                    break;
                }

                at += syntax.BeforeName.Length;
            }

            int nameEnd = syntax.AfterName.Length > 0 ? body.IndexOf(syntax.AfterName, at, StringComparison.Ordinal)
                : body.AsSpan(at).TrimStart().IndexOfAny('<', '\n') is var offset && offset >= 0
                    ? body.Length - body.AsSpan(at).TrimStart().Length + offset : body.Length;
            int end = string.IsNullOrEmpty(syntax.Close) ? body.Length : body.IndexOf(syntax.Close, at, StringComparison.Ordinal);
            if (nameEnd < 0 || end < nameEnd)
            {
                return null;
            }

            string name = body[at..nameEnd].Trim();
            if (name.Length == 0 || MembersOf(name, body[(nameEnd + syntax.AfterName.Length)..end]) is not { } arguments)
            {
                return null;
            }

            calls.Add(ToolCall.Of(null, name, arguments));
            at = end;
        }
        while (syntax.BeforeName.Length > 0);

        return calls.Count == 0 ? null : calls;
    }

    private JsonElement? MembersOf(string name, string body)
    {
        ToolDeclaration? tool = tools.FirstOrDefault(one => string.Equals(one.Name, name, StringComparison.Ordinal));
        List<KeyValuePair<string, JsonElement>> members = [];
        int at = 0;
        while ((at = body.IndexOf(syntax.BeforeKey, at, StringComparison.Ordinal)) >= 0)
        {
            int key = at + syntax.BeforeKey.Length;
            int keyEnd = body.IndexOf(syntax.AfterKey, key, StringComparison.Ordinal);
            int value = keyEnd < 0 ? -1 : keyEnd + syntax.AfterKey.Length;
            if (value >= 0 && syntax.BeforeValue is { } before)
            {
                int opens = body.IndexOf(before, value, StringComparison.Ordinal);
                value = opens < 0 ? -1 : opens + before.Length;
            }

            int end = value < 0 ? -1 : body.IndexOf(syntax.AfterValue, value, StringComparison.Ordinal);
            if (end < 0)
            {
                return null;
            }

            string argument = body[key..keyEnd].Trim();
            string text = WithoutLines(body[value..end]);
            bool isText = tool?.TypeOf(argument) is "string";
            members.Add(KeyValuePair.Create(argument, isText ? JsonPieces.Text(text) : JsonPieces.ValueOrText(text)));
            at = end + syntax.AfterValue.Length;
        }

        return JsonPieces.Object(members);
    }

    /// <summary>A value without the one line end on each side with which templates set it apart.</summary>
    private static string WithoutLines(string text)
    {
        text = text.StartsWith('\n') ? text[1..] : text;
        return text.EndsWith('\n') ? text[..^1] : text;
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

    [GeneratedRegex(":[0-9]+$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Index();
}
