using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>Reads calls as Python writes them: <c>[f(a='x', b=[1, True]), g()]</c>. Arguments have names; values are literals.</summary>
internal sealed class PythonCalls : CallText
{
    private const int DeepestNesting = 32;

    private int _depth;
    private bool _failed;

    private PythonCalls(string text)
        : base(text)
    {
    }

    /// <summary>The calls of a text; null where it is something else.</summary>
    public static List<ToolCall>? Read(string text)
    {
        PythonCalls reader = new(text);
        List<ToolCall> calls = reader.List();
        reader.Skip();
        return reader._failed || reader.At < text.Length || calls.Count == 0 ? null : calls;
    }

    private List<ToolCall> List()
    {
        bool isList = Take('[');
        List<ToolCall> calls = [];
        do
        {
            if (isList && Peek() == ']')
            {
                break;
            }

            calls.Add(Call());
        }
        while (!_failed && (Take(',') || (!isList && Peek() != '\0'))); // or one call a line

        _failed |= isList && !Take(']');
        return calls;
    }

    private ToolCall Call()
    {
        string name = Name(withDots: true);
        List<KeyValuePair<string, JsonElement>> arguments = [];
        _failed |= name.Length == 0 || !Take('(');
        while (!_failed && Peek() != ')')
        {
            string argument = Name(withDots: false);
            _failed |= argument.Length == 0 || !Take('=');
            arguments.Add(KeyValuePair.Create(argument, Value()));
            if (!Take(','))
            {
                break;
            }
        }

        _failed |= !Take(')');
        return ToolCall.Of(null, name, JsonPieces.Object(_failed ? [] : arguments));
    }

    private JsonElement Value()
    {
        StringBuilder json = new();
        Write(json);
        return _failed ? default : JsonElement.Parse(json.ToString());
    }

    private void Write(StringBuilder json)
    {
        if (_failed || ++_depth > DeepestNesting)
        {
            _failed = true;
            return;
        }

        char first = Peek();
        if (first is '\'' or '"')
        {
            json.Append('"').Append(JsonEncodedText.Encode(Quoted())).Append('"');
        }
        else if (first is '[' or '(' or '{')
        {
            WriteMany(json, first);
        }
        else if (char.IsAsciiDigit(first) || first is '-' or '+' or '.')
        {
            string number = While(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or '.' or '_').Replace("_", "",
                StringComparison.Ordinal);
            _failed |= !double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture,
                out double value) || !double.IsFinite(value);
            json.Append(long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole)
                ? whole.ToString(CultureInfo.InvariantCulture) : value.ToString("R", CultureInfo.InvariantCulture));
        }
        else
        {
            string? word = Name(withDots: false) switch
            {
                "True" or "true" => "true",
                "False" or "false" => "false",
                "None" or "null" => "null",
                _ => null,
            };
            _failed |= word is null;
            json.Append(word);
        }

        _depth--;
    }

    private void WriteMany(StringBuilder json, char open)
    {
        Take(open);
        char close = open switch { '[' => ']', '(' => ')', _ => '}' };
        json.Append(open == '{' ? '{' : '[');
        for (bool isFirst = true; !_failed && Peek() != close; isFirst = false)
        {
            json.Append(isFirst ? "" : ",");
            if (open == '{')
            {
                _failed |= Peek() is not ('\'' or '"');
                json.Append('"').Append(JsonEncodedText.Encode(_failed ? "" : Quoted())).Append("\":");
                _failed |= !Take(':');
            }

            Write(json);
            if (!Take(','))
            {
                break;
            }
        }

        _failed |= !Take(close);
        json.Append(open == '{' ? '}' : ']');
    }

    private string Quoted()
    {
        char quote = Peek();
        At++;
        StringBuilder text = new();
        while (At < Source.Length && Source[At] != quote)
        {
            char next = Source[At++];
            if (next == '\\' && At < Source.Length)
            {
                next = Source[At++] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var other => other };
            }

            text.Append(next);
        }

        _failed |= At++ >= Source.Length;
        return text.ToString();
    }

    private string Name(bool withDots)
    {
        Skip();
        return While(c => char.IsLetterOrDigit(c) || c is '_' || (withDots && c is '.' or '-'));
    }

    private string While(Func<char, bool> belongs)
    {
        int from = At;
        while (At < Source.Length && belongs(Source[At]))
        {
            At++;
        }

        return Source[from..At];
    }
}
