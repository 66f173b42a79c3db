using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// Reads calls while they are being written, where their arguments stand there as JSON: gives out a name as soon as it is known, then the
/// letters of the arguments. It takes for granted that what is written are calls, as it is where an answer is held to be; what they are in
/// the end <see cref="ToolCallReader"/> says. Not thread-safe.
/// </summary>
/// <param name="syntax">How calls are written.</param>
internal sealed class CallScanner(ToolCallSyntax syntax)
{
    private static readonly JsonElement Nothing = JsonElement.Parse("{}");

    private readonly Queue<ToolCall> _begun = new();
    private Place _place;
    private string _key = "";
    private string? _name;
    private string? _id;
    private int _at;
    private int _depth;
    private bool _inText;
    private bool _isEscaped;

    private enum Place
    {
        /// <summary>Between calls.</summary>
        Between,

        /// <summary>Before the name of a member, or the end of the object.</summary>
        Key,

        /// <summary>Before the value of a member.</summary>
        Value,

        /// <summary>Inside of the arguments.</summary>
        Arguments,
    }

    /// <summary>Whether calls of a syntax can be read before they are whole.</summary>
    public static bool Reads(ToolCallSyntax? syntax) =>
        syntax is { Form: ToolCallForm.Objects or ToolCallForm.Named or ToolCallForm.Bare or ToolCallForm.Harmony };

    /// <summary>Whether calls were begun that were not given out as a whole.</summary>
    public bool IsOpen => _begun.Count > 0;

    /// <summary>Begins a text of calls; of one whose name is known the text is its arguments.</summary>
    public void Begin(int at, string? name = null)
    {
        (_at, _name, _id) = (at, name, null);
        (_place, _key) = name is null ? (Place.Between, "") : (Place.Value, syntax.ArgumentsKey);
    }

    /// <summary>Reads on.</summary>
    /// <param name="text">All of the text so far.</param>
    /// <param name="parts">What is certain is added to it.</param>
    public void Read(string text, List<AnswerPart> parts)
    {
        while (_at < text.Length && Step(text, parts))
        {
        }
    }

    /// <summary>A call that is whole, by the name under which it was begun.</summary>
    public ToolCall Named(ToolCall call) => _begun.TryDequeue(out ToolCall? begun) ? call with { Id = begun.Id } : call;

    private bool Step(string text, List<AnswerPart> parts)
    {
        switch (_place)
        {
            case Place.Between:
                return syntax.Form == ToolCallForm.Named ? TakeHeader(text) : TakeOpen(text);
            case Place.Key:
                return TakeKey(text);
            case Place.Value:
                return TakeValue(text, parts);
            default:
                TakeArguments(text, parts);
                return true;
        }
    }

    private bool TakeOpen(string text)
    {
        int open = text.IndexOf('{', _at);
        _at = open < 0 ? text.Length : open + 1;
        (_place, _name, _id) = (open < 0 ? Place.Between : Place.Key, null, null);
        return open >= 0;
    }

    private bool TakeHeader(string text)
    {
        string after = syntax.AfterName.Trim();
        int begin = text.IndexOf(syntax.BeforeName, _at, StringComparison.Ordinal);
        int end = begin < 0 ? -1 : text.IndexOf(after, begin + syntax.BeforeName.Length, StringComparison.Ordinal);
        if (end < 0)
        {
            return false;
        }

        (_id, _name) = ToolCallReader.SplitId(syntax, text[(begin + syntax.BeforeName.Length)..end].Trim());
        (_at, _place, _key) = (end + after.Length, Place.Value, syntax.ArgumentsKey);
        return true;
    }

    private bool TakeKey(string text)
    {
        switch (text[_at])
        {
            case '}':
                (_at, _place) = (_at + 1, Place.Between);
                return true;
            case '"':
                if (Text(text) is not { } key)
                {
                    return false;
                }

                (_key, _place) = (key, Place.Value);
                _name = syntax.NameKey.Length == 0 ? key : _name; // the name is the key of the arguments
                return true;
            default:
                _at++;
                return true;
        }
    }

    private bool TakeValue(string text, List<AnswerPart> parts)
    {
        switch (text[_at])
        {
            case '{' when _name is not null && (syntax.NameKey.Length == 0 || IsKey(syntax.ArgumentsKey)):
                ToolCall call = ToolCall.Of(_id, _name, Nothing);
                _begun.Enqueue(call);
                parts.Add(new AnswerPart(AnswerPartKind.CallBegin, "", call));
                (_place, _depth, _inText, _isEscaped) = (Place.Arguments, 0, false, false);
                return true;
            case '"':
                if (Text(text) is not { } value)
                {
                    return false;
                }

                _name = IsKey(syntax.NameKey) ? value : _name;
                _id = syntax.IdKey is { } id && IsKey(id) ? value : _id;
                _place = Place.Key;
                return true;
            case ',' or '}':
                _place = Place.Key; // behind a number
                return true;
            default:
                _at++;
                return true;
        }
    }

    private void TakeArguments(string text, List<AnswerPart> parts)
    {
        int from = _at;
        while (_at < text.Length && _place == Place.Arguments)
        {
            char next = text[_at++];
            if (_inText)
            {
                _inText = _isEscaped || next != '"';
                _isEscaped = !_isEscaped && next == '\\';
                continue;
            }

            _inText = next == '"';
            _depth += next is '{' or '[' ? 1 : next is '}' or ']' ? -1 : 0;
            if (_depth == 0)
            {
                _place = syntax.Form is ToolCallForm.Named or ToolCallForm.Harmony ? Place.Between : Place.Key;
            }
        }

        parts.Add(new AnswerPart(AnswerPartKind.CallArguments, text[from.._at]));
    }

    private bool IsKey(string key) => string.Equals(_key, key, StringComparison.Ordinal);

    /// <summary>The JSON text at the place; null where it is not whole.</summary>
    private string? Text(string text)
    {
        for (int end = _at + 1; end < text.Length; end++)
        {
            if (text[end] == '\\')
            {
                end++;
            }
            else if (text[end] == '"')
            {
                string value = JsonPieces.All(text[_at..(end + 1)]) is [{ ValueKind: JsonValueKind.String } read] ? read.GetString()! : "";
                _at = end + 1;
                return value;
            }
        }

        return null;
    }
}
