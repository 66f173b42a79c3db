using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// Reads calls as Gemma writes them: <c>call:f{city:QOsloQ,days:3,at:[QaQ]}</c>, where Q is a mark around texts. Names of members stand
/// bare; JSON's own texts are taken too.
/// </summary>
internal sealed class PairCalls : CallText
{
    private const int DeepestNesting = 32;

    private readonly string _quote;
    private int _depth;
    private bool _failed;

    private PairCalls(string text, string quote)
        : base(text) => _quote = quote;

    /// <summary>The calls of a text; null where it is something else.</summary>
    /// <param name="text">The text between the marks of a section.</param>
    /// <param name="prefix">What stands before a name.</param>
    /// <param name="quote">The mark around texts.</param>
    public static List<ToolCall>? Read(string text, string prefix, string quote)
    {
        PairCalls reader = new(text, quote);
        List<ToolCall> calls = [];
        do
        {
            reader.Skip();
            reader._failed |= !reader.TakeMark(prefix);
            string name = reader.Until("{").Trim();
            StringBuilder json = new();
            reader.Members(json);
            if (reader._failed || name.Length == 0)
            {
                return null;
            }

            calls.Add(ToolCall.Of(null, name, JsonElement.Parse(json.ToString())));
            reader.Skip();
        }
        while (reader.At < text.Length);

        return calls;
    }

    private void Members(StringBuilder json)
    {
        _failed |= !Take('{');
        json.Append('{');
        for (bool isFirst = true; !_failed && Peek() != '}'; isFirst = false)
        {
            json.Append(isFirst ? "" : ",");
            Text(json, Peek() == '"' ? Quoted() : TakeMark(_quote) ? Until(_quote, isMark: true) : Until(":").Trim());
            _failed |= !Take(':');
            json.Append(':');
            Value(json);
            if (!Take(','))
            {
                break;
            }
        }

        _failed |= !Take('}');
        json.Append('}');
    }

    private void Value(StringBuilder json)
    {
        if (_failed || ++_depth > DeepestNesting)
        {
            _failed = true;
            return;
        }

        char first = Peek();
        if (TakeMark(_quote))
        {
            Text(json, Until(_quote, isMark: true));
        }
        else if (first == '"')
        {
            Text(json, Quoted());
        }
        else if (first == '{')
        {
            Members(json);
        }
        else if (first == '[')
        {
            List(json);
        }
        else
        {
            Word(json);
        }

        _depth--;
    }

    private void List(StringBuilder json)
    {
        Take('[');
        json.Append('[');
        for (bool isFirst = true; !_failed && Peek() != ']'; isFirst = false)
        {
            json.Append(isFirst ? "" : ",");
            Value(json);
            if (!Take(','))
            {
                break;
            }
        }

        _failed |= !Take(']');
        json.Append(']');
    }

    /// <summary>A number, a truth value, nothing; else the text as it stands there.</summary>
    private void Word(StringBuilder json)
    {
        int length = Source.AsSpan(At).IndexOfAny(',', '}', ']');
        string word = Source.Substring(At, length < 0 ? Source.Length - At : length).Trim();
        _failed |= length < 0 || word.Length == 0;
        At += Math.Max(length, 0);
        if (word is "true" or "false" or "null")
        {
            json.Append(word);
        }
        else if (word is "True" or "False" or "None")
        {
            json.Append(word is "None" ? "null" : word is "True" ? "true" : "false");
        }
        else if (JsonPieces.All(word) is [{ ValueKind: JsonValueKind.Number } number])
        {
            json.Append(number.GetRawText());
        }
        else
        {
            Text(json, word);
        }
    }

    private string Quoted()
    {
        if (JsonPieces.First(Source[At..]) is not ({ ValueKind: JsonValueKind.String } value, int length))
        {
            _failed = true;
            return "";
        }

        At += length;
        return value.GetString()!;
    }

    private static void Text(StringBuilder json, string text) =>
        json.Append('"').Append(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value).Append('"');

    /// <summary>The text up to a mark, which is passed over where it is one of its own rather than what comes next.</summary>
    private string Until(string mark, bool isMark = false)
    {
        int end = Source.IndexOf(mark, At, StringComparison.Ordinal);
        _failed |= end < 0;
        if (_failed)
        {
            return "";
        }

        string text = Source[At..end];
        At = end + (isMark ? mark.Length : 0);
        return text;
    }

    private bool TakeMark(string mark)
    {
        Skip();
        bool isThere = Source.AsSpan(At).StartsWith(mark);
        At += isThere ? mark.Length : 0;
        return isThere;
    }
}
