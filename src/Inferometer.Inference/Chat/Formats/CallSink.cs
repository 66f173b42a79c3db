using System.Text;
using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>
/// Takes calls as they are read, and gives them out piece by piece: that one begins, its arguments as they come, and the whole.
/// </summary>
/// <param name="parts">Where the pieces go; null = only whole calls are wanted, in <see cref="Calls"/>.</param>
internal sealed class CallSink(List<AnswerPart>? parts)
{
    private static readonly JsonElement None = JsonElement.Parse("{}");
    private readonly StringBuilder _arguments = new();
    private ToolCall? _open;

    /// <summary>Calls that are whole.</summary>
    public List<ToolCall> Calls { get; } = [];

    /// <summary>Calls that began, whole or not.</summary>
    public int Begun { get; private set; }

    /// <summary>Whether a call has begun that is not whole.</summary>
    public bool IsOpen => _open is not null;

    /// <summary>A call begins.</summary>
    public void Begin(string? id, string name)
    {
        _arguments.Clear();
        _open = ToolCall.Of(id, name, None);
        Begun++;
        parts?.Add(new AnswerPart(AnswerPartKind.ToolCallStart, "", _open));
    }

    /// <summary>More of its arguments' JSON text.</summary>
    public void Write(ReadOnlySpan<char> text)
    {
        if (text.Length > 0)
        {
            _arguments.Append(text);
            parts?.Add(new AnswerPart(AnswerPartKind.ToolCallArguments, text.ToString()));
        }
    }

    /// <summary>It is whole.</summary>
    /// <returns>False when its arguments are no JSON object after all: then it stays open.</returns>
    public bool End()
    {
        if (JsonPieces.All(_arguments.ToString()) is not [{ ValueKind: JsonValueKind.Object } arguments])
        {
            return false;
        }

        ToolCall call = _open! with { Arguments = arguments };
        _open = null;
        Calls.Add(call);
        parts?.Add(new AnswerPart(AnswerPartKind.ToolCall, "", call));
        return true;
    }

    /// <summary>A call that was read at once.</summary>
    public void Add(ToolCall call)
    {
        Begin(call.Id, call.Name);
        Write(call.Arguments.GetRawText());
        End();
    }
}
