using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// Reads values that are written as nested tags, each behind a mark: <c>M&lt;key&gt;value M&lt;/key&gt;</c>, elements of lists as
/// <c>item</c>. What a schema calls a text is one.
/// </summary>
internal static class NestedTags
{
    private const string Item = "item";
    private const int DeepestNesting = 32;

    /// <summary>The value of a text.</summary>
    /// <param name="text">The text between the tags.</param>
    /// <param name="mark">What stands before each tag.</param>
    /// <param name="schema">What the value ought to be; null = not known.</param>
    /// <param name="depth">Tags around it.</param>
    public static JsonElement Read(string text, string mark, JsonElement? schema, int depth = 0)
    {
        string? type = schema is { } known ? ToolDeclaration.TypeOf(known) : null;
        if (type is "string")
        {
            return JsonPieces.Text(text);
        }

        if (depth > DeepestNesting || Children(text, mark) is not { } children)
        {
            return JsonPieces.ValueOrText(text);
        }

        bool isList = type is "array" || (type is not "object" && children.TrueForAll(child => child.Name is Item));
        JsonElement? ofItems = schema is { } list ? ToolDeclaration.Member(list, "items") : null;
        JsonElement? ofMembers = schema is { } all ? ToolDeclaration.Member(all, "properties") : null;
        if (isList)
        {
            return JsonPieces.List(children.Select(child => Read(child.Text, mark, ofItems, depth + 1)));
        }

        return JsonPieces.Object(children.Select(child => KeyValuePair.Create(
            child.Name, Read(child.Text, mark, ofMembers is { } members ? ToolDeclaration.Member(members, child.Name) : null, depth + 1))));
    }

    /// <summary>The tags of a text that holds nothing else; null where it holds something else.</summary>
    private static List<(string Name, string Text)>? Children(string text, string mark)
    {
        string open = mark + "<";
        List<(string Name, string Text)> children = [];
        string rest = text.Trim();
        while (rest.Length > 0)
        {
            int nameEnd = rest.StartsWith(open, StringComparison.Ordinal) ? rest.IndexOf('>', open.Length) : -1;
            if (nameEnd < 0)
            {
                return null;
            }

            string name = rest[open.Length..nameEnd];
            int close = Close(rest, nameEnd + 1, open + name + ">", $"{open}/{name}>");
            if (name.Length == 0 || close < 0)
            {
                return null;
            }

            children.Add((name, rest[(nameEnd + 1)..close]));
            rest = rest[(close + open.Length + name.Length + 2)..].TrimStart();
        }

        return children.Count == 0 ? null : children;
    }

    /// <summary>Where a tag is closed, tags of the same name inside of it passed over; -1 where it is not.</summary>
    private static int Close(string text, int from, string open, string close)
    {
        for (int depth = 1, at = from; ;)
        {
            int end = text.IndexOf(close, at, StringComparison.Ordinal);
            int again = text.IndexOf(open, at, StringComparison.Ordinal);
            if (end < 0)
            {
                return -1;
            }

            bool opens = again >= 0 && again < end;
            depth += opens ? 1 : -1;
            if (depth == 0)
            {
                return end;
            }

            at = opens ? again + open.Length : end + close.Length;
        }
    }
}
