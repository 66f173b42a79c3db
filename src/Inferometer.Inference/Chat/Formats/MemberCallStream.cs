using System.Text.Encodings.Web;
using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// Calls as a name and members between tags, while they are being written: members become JSON one by one, values that the schema calls
/// texts letter by letter.
/// </summary>
/// <param name="syntax">How the calls are written.</param>
/// <param name="tools">The tools that were declared, for the types of their arguments.</param>
/// <param name="sink">Takes the calls.</param>
/// <param name="takesAnyName">Whether a call of a tool that nobody declared is one.</param>
internal sealed class MemberCallStream(
    ToolCallSyntax syntax, IReadOnlyList<ToolDeclaration> tools, CallSink sink, bool takesAnyName) : ICallStream
{
    private readonly HoledMark _afterName = HoledMark.Of(syntax.AfterName);
    private readonly HoledMark? _beforeValue = syntax.BeforeValue is { } mark ? HoledMark.Of(mark) : null;
    private ToolDeclaration? _tool;
    private JsonElement? _schema;
    private string _afterValue = "";
    private bool _isOff;
    private bool _inCall;
    private bool _hasMembers;
    private bool _inValue;
    private bool _isText;
    private int _valueStart;

    /// <inheritdoc/>
    public int Position { get; private set; }

    /// <summary>Whether something was no call.</summary>
    public bool HasFailed => _isOff || sink.IsOpen;

    /// <inheritdoc/>
    public void Read(ReadOnlySpan<char> section)
    {
        while (!_isOff && (!_inCall ? TakeName(section) : _inValue ? TakeValue(section) : TakeKey(section)))
        {
        }
    }

    private bool Stop()
    {
        _isOff = true;
        return false;
    }

    private bool TakeName(ReadOnlySpan<char> section)
    {
        int start;
        if (syntax.BeforeName.Length > 0)
        {
            int at = section.Find(syntax.BeforeName, Position);
            if (at < 0)
            {
                return false;
            }

            (Position, start) = (at, at + syntax.BeforeName.Length);
        }
        else if (Position > 0)
        {
            return false; // without a mark before names a section has one call
        }
        else
        {
            string open = syntax.Trigger ?? "";
            start = section.StartsWith(open) ? open.Length : 0;
        }

        int letter = section.FirstLetter(start);
        (int At, int End, string Part)? after = letter < 0 ? null : syntax.AfterName.Length > 0 ? _afterName.Find(section, start)
            : section[letter..].IndexOfAny('<', '\n') is var offset and >= 0 ? (letter + offset, letter + offset, "") : null;
        if (after is not { } end)
        {
            return false;
        }

        string name = section[letter..Math.Max(letter, end.At)].Trim().ToString();
        _tool = tools.FirstOrDefault(one => string.Equals(one.Name, name, StringComparison.Ordinal));
        if (name.Length == 0 || (_tool is null && !takesAnyName))
        {
            return Stop();
        }

        (_inCall, _hasMembers, Position) = (true, false, end.End);
        sink.Begin(id: null, name);
        return true;
    }

    private bool TakeKey(ReadOnlySpan<char> section)
    {
        string closeMark = string.IsNullOrEmpty(syntax.Close) ? syntax.End ?? "" : syntax.Close;
        int key = section.Find(syntax.BeforeKey, Position);
        int close = closeMark.Length == 0 ? -1 : section.Find(closeMark, Position);
        if (close >= 0 && (key < 0 || close <= key))
        {
            sink.Write(_hasMembers ? "}" : "{}");
            _inCall = false;
            Position = string.IsNullOrEmpty(syntax.Close) ? close : close + closeMark.Length;
            return sink.End() || Stop();
        }

        if (key < 0)
        {
            return false;
        }

        int start = key + syntax.BeforeKey.Length;
        int keyEnd = section.Find(syntax.AfterKey, start);
        int value = keyEnd < 0 ? -1 : keyEnd + syntax.AfterKey.Length;
        string type = "";
        if (value >= 0 && _beforeValue is { } before)
        {
            (value, type) = before.Find(section, value) is { } found ? (found.End, found.Part) : (-1, "");
        }

        if (value < 0)
        {
            return false;
        }

        string name = section[start..keyEnd].Trim().ToString();
        _isText = type.Length > 0 ? type is "string" : _tool?.TypeOf(name) is "string";
        _schema = _tool?.SchemaOf(name);
        _afterValue = syntax.AfterValue.Replace(HoledMark.Hole, name, StringComparison.Ordinal);
        sink.Write($"{(_hasMembers ? "," : "{")}{Quoted(name)}:{(_isText ? "\"" : "")}");
        (_hasMembers, _inValue, _valueStart, Position) = (true, true, value, value);
        return true;
    }

    private bool TakeValue(ReadOnlySpan<char> section)
    {
        int end = section.Find(_afterValue, Position);
        if (!_isText)
        {
            if (end >= 0)
            {
                sink.Write(Value(WithoutLines(section[_valueStart..end].ToString())).GetRawText());
            }

            _inValue = end < 0;
            Position = end < 0 ? Math.Max(Position, section.Length - _afterValue.Length) : end + _afterValue.Length;
            return end >= 0;
        }

        // The one line end on each side with which templates set a value apart is no part of it.
        if (Position == _valueStart && Position < section.Length && section[Position] == '\n')
        {
            Position++;
        }

        int certain = end >= 0 ? end : section.Length - Marks.Partial(section, _afterValue);
        certain -= certain > Position && section[certain - 1] == '\n' ? 1 : 0;
        certain -= end < 0 && certain > Position && char.IsHighSurrogate(section[certain - 1]) ? 1 : 0;
        if (certain > Position)
        {
            sink.Write(JsonEncodedText.Encode(section[Position..certain], JavaScriptEncoder.UnsafeRelaxedJsonEscaping)
                .Value);
            Position = certain;
        }

        if (end < 0)
        {
            return false;
        }

        sink.Write("\"");
        (_inValue, Position) = (false, end + _afterValue.Length);
        return true;
    }

    private JsonElement Value(string text) =>
        syntax.NestedMark is { } mark ? NestedTags.Read(text, mark, _schema) : JsonPieces.ValueOrText(text);

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static string WithoutLines(string text)
    {
        text = text.StartsWith('\n') ? text[1..] : text;
        return text.EndsWith('\n') ? text[..^1] : text;
    }
}
