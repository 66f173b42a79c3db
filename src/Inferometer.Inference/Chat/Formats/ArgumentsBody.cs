using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>The body of a message that calls a function: its arguments as JSON, given out while they come where calls are
/// streamed.</summary>
/// <param name="parts">Where parts go.</param>
/// <param name="sink">Takes calls piece by piece; null = whole calls are wanted.</param>
internal sealed class ArgumentsBody(List<AnswerPart> parts, CallSink? sink)
{
    private JsonSpan _span;
    private int _read;
    private bool _isBroken; // brackets that close nothing: no JSON can come of it

    /// <summary>Gives out what has come.</summary>
    /// <param name="name">The function.</param>
    /// <param name="body">All of the body so far.</param>
    public void Read(string name, ReadOnlySpan<char> body)
    {
        if (sink is null)
        {
            return;
        }

        if (_read == 0)
        {
            int start = body.FirstLetter(0);
            if (start < 0 || body[start] != '{')
            {
                return; // no arguments, or not yet
            }

            sink.Begin(id: null, name);
            _read = start;
        }

        if (sink.IsOpen)
        {
            int end = _isBroken ? -1 : _span.End(body, _read);
            int to = end < 0 ? body.Length : end;
            sink.Write(body[_read..to]);
            _read = to;
            _isBroken |= end >= 0 && !sink.End();
        }
    }

    /// <summary>The body is over.</summary>
    /// <returns>Whether it was a call, or began as one; otherwise it is text.</returns>
    public bool End(string name, string body)
    {
        Read(name, body);
        bool hasBegun = _read > 0;
        (_read, _span, _isBroken) = (0, default, false);
        if (JsonPieces.All(body) is not [{ ValueKind: JsonValueKind.Object } arguments])
        {
            return hasBegun;
        }

        if (sink is null)
        {
            parts.Add(new AnswerPart(AnswerPartKind.ToolCall, "", ToolCall.Of(null, name, arguments)));
        }

        return true;
    }
}
