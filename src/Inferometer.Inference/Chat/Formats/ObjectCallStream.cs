using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>Calls as JSON objects, alone or in lists, while they are being written.</summary>
internal sealed class ObjectCallStream : JsonCallStream
{
    private const string Fence = "```json";

    // What stands before the arguments is read anew with each piece; longer than this nothing is.
    private const int LongestHeader = 4000;

    private bool _inTail;
    private JsonSpan _tail;

    public ObjectCallStream(ToolCallSyntax syntax, IReadOnlyList<ToolDeclaration> tools, CallSink sink, bool hasTrigger)
        : base(syntax, tools, sink) => Position = hasTrigger ? syntax.Trigger!.Length : 0;

    protected override void Ended() => (_inTail, _tail) = (true, JsonSpan.Inside);

    protected override bool TakeHeader(string section)
    {
        if (_inTail)
        {
            int end = _tail.End(section, Position);
            Position = end < 0 ? section.Length : end;
            if (end < 0)
            {
                return false;
            }

            _inTail = false;
        }

        int at = Position;
        while (at < section.Length && section[at] is ' ' or '\n' or '\r' or '\t' or ',' or '[')
        {
            at++;
        }

        if (at < section.Length && section[at] == '`')
        {
            return section.AsSpan(at).StartsWith(Fence) ? Skip(at + Fence.Length)
                : Fence.AsSpan().StartsWith(section.AsSpan(at)) ? false : Stop();
        }

        return at < section.Length && (section[at] == '{' ? TakeMembers(section, at + 1) : Stop());
    }

    private bool Skip(int to)
    {
        Position = to;
        return true;
    }

    private bool TakeMembers(string section, int at)
    {
        if (section.Length - at > LongestHeader)
        {
            return Stop();
        }

        string? name = null, id = null;
        while (true)
        {
            if (!TakeText(section, ref at, out string key) || !TakeColon(section, ref at))
            {
                return at < 0 && Stop();
            }

            bool isArguments = Syntax.NameKey.Length == 0 || ToolCallReader.IsArgumentsKey(Syntax, key);
            if (isArguments)
            {
                name = Syntax.NameKey.Length == 0 ? key : name;
                return section[at] == '{' && name is not null ? Begin(id, name, at) : Stop();
            }

            if (!TakeValue(section, ref at, out string? text))
            {
                return at < 0 && Stop();
            }

            name = ToolCallReader.IsNameKey(Syntax, key) ? text : name;
            id = ToolCallReader.IsIdKey(key) ? text : id;
        }
    }

    /// <summary>A value and the comma behind it: a text, a number or a word.</summary>
    private static bool TakeValue(string section, ref int at, out string? text)
    {
        text = null;
        if (section[at] == '"')
        {
            if (!TakeText(section, ref at, out string value))
            {
                return false;
            }

            text = value;
        }
        else if (section[at] is '{' or '[')
        {
            at = -1;
            return false;
        }

        int comma = section.AsSpan(at).IndexOfAny(',', '}');
        if (comma < 0)
        {
            return false;
        }

        at = section[at + comma] == ',' ? at + comma + 1 : -1;
        return at >= 0;
    }

    /// <summary>A JSON text. False = more must come, or, with <paramref name="at"/> -1, something else is there.</summary>
    private static bool TakeText(string section, ref int at, out string text)
    {
        text = "";
        int start = NamedCallStream.FirstLetter(section, at);
        if (start < 0)
        {
            return false;
        }

        if (section[start] != '"')
        {
            at = -1;
            return false;
        }

        int end = start + 1;
        while (end < section.Length && section[end] != '"')
        {
            end += section[end] == '\\' ? 2 : 1;
        }

        if (end >= section.Length)
        {
            return false;
        }

        if (JsonPieces.All(section[start..(end + 1)]) is not [{ ValueKind: JsonValueKind.String } value])
        {
            at = -1;
            return false;
        }

        (at, text) = (end + 1, value.GetString()!);
        return true;
    }

    /// <summary>A colon; then the place is that of the value.</summary>
    private static bool TakeColon(string section, ref int at)
    {
        int colon = NamedCallStream.FirstLetter(section, at);
        if (colon < 0)
        {
            return false;
        }

        if (section[colon] != ':')
        {
            at = -1;
            return false;
        }

        int value = NamedCallStream.FirstLetter(section, colon + 1);
        at = value < 0 ? at : value;
        return value >= 0;
    }
}
