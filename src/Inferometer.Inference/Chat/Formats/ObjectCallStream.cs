using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>Calls as JSON objects, alone or in lists, while they are being written.</summary>
internal sealed class ObjectCallStream : JsonCallStream
{
    private const string Fence = "```json";

    // A member before the arguments is read anew with each piece; longer than this they all together are not.
    private const int LongestHeader = 4000;

    private bool _inTail;
    private JsonSpan _tail;
    private int _header; // where a call's members begin; 0 = none have
    private int _member; // of these the one that is not whole
    private string? _name;
    private string? _id;

    public ObjectCallStream(ToolCallSyntax syntax, IReadOnlyList<ToolDeclaration> tools, CallSink sink, bool hasTrigger)
        : base(syntax, tools, sink) => Position = hasTrigger ? syntax.Trigger!.Length : 0;

    protected override void Ended() => (_inTail, _tail) = (true, JsonSpan.Inside);

    protected override bool TakeHeader(ReadOnlySpan<char> section)
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

        if (_header > 0)
        {
            return TakeMembers(section);
        }

        int at = Position;
        while (at < section.Length && section[at] is ' ' or '\n' or '\r' or '\t' or ',' or '[')
        {
            at++;
        }

        if (at < section.Length && section[at] == '`')
        {
            return section[at..].StartsWith(Fence) ? Skip(at + Fence.Length)
                : Fence.AsSpan().StartsWith(section[at..]) ? false : Stop();
        }

        if (at == section.Length)
        {
            return false;
        }

        (_header, _member, _name, _id) = (at + 1, at + 1, null, null);
        return section[at] == '{' ? TakeMembers(section) : Stop();
    }

    private bool Skip(int to)
    {
        Position = to;
        return true;
    }

    private bool TakeMembers(ReadOnlySpan<char> section)
    {
        if (section.Length - _header > LongestHeader)
        {
            return Stop();
        }

        while (true)
        {
            int at = _member;
            if (!TakeText(section, ref at, out string key) || !TakeColon(section, ref at))
            {
                return at < 0 && Stop();
            }

            bool isArguments = Syntax.NameKey.Length == 0 || ToolCallReader.IsArgumentsKey(Syntax, key);
            if (isArguments)
            {
                (string? name, _header) = (Syntax.NameKey.Length == 0 ? key : _name, 0);
                return section[at] == '{' && name is not null ? Begin(_id, name, at) : Stop();
            }

            if (!TakeValue(section, ref at, out string? text))
            {
                return at < 0 && Stop();
            }

            _member = at;
            _name = ToolCallReader.IsNameKey(Syntax, key) ? text : _name;
            _id = ToolCallReader.IsIdKey(key) ? text : _id;
        }
    }

    /// <summary>A value and the comma behind it: a text, a number or a word.</summary>
    private static bool TakeValue(ReadOnlySpan<char> section, ref int at, out string? text)
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

        int comma = section[at..].IndexOfAny(',', '}');
        if (comma < 0)
        {
            return false;
        }

        at = section[at + comma] == ',' ? at + comma + 1 : -1;
        return at >= 0;
    }

    /// <summary>A JSON text. False = more must come, or, with <paramref name="at"/> -1, something else is there.</summary>
    private static bool TakeText(ReadOnlySpan<char> section, ref int at, out string text)
    {
        text = "";
        int start = section.FirstLetter(at);
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

        if (JsonPieces.All(section[start..(end + 1)].ToString()) is not [{ ValueKind: JsonValueKind.String } value])
        {
            at = -1;
            return false;
        }

        (at, text) = (end + 1, value.GetString()!);
        return true;
    }

    /// <summary>A colon; then the place is that of the value.</summary>
    private static bool TakeColon(ReadOnlySpan<char> section, ref int at)
    {
        int colon = section.FirstLetter(at);
        if (colon < 0)
        {
            return false;
        }

        if (section[colon] != ':')
        {
            at = -1;
            return false;
        }

        int value = section.FirstLetter(colon + 1);
        at = value < 0 ? at : value;
        return value >= 0;
    }
}
