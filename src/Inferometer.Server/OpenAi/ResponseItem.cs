using System.Globalization;
using System.Text;
using System.Text.Json;
using Inferometer.Inference.Chat.Formats;

namespace Inferometer.Server.OpenAi;

/// <summary>One item of a response: a message with a text, or the call of a tool.</summary>
/// <param name="index">Its place among the items.</param>
/// <param name="call">The call; null = a message.</param>
internal sealed class ResponseItem(int index, ToolCall? call)
{
    private readonly StringBuilder _text = new();

    /// <summary>Its id.</summary>
    public string Id { get; } = (call is null ? "msg_" : "fc_") + Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);

    /// <summary>Its place among the items.</summary>
    public int Index => index;

    /// <summary>The call; null = a message.</summary>
    public ToolCall? Call => call;

    /// <summary>The text so far, or the arguments.</summary>
    public string Text => _text.ToString();

    /// <summary>How far it is: <c>in_progress</c>, <c>completed</c>, or <c>incomplete</c>.</summary>
    public string Status { get; set; } = "in_progress";

    /// <summary>Adds text, or a piece of arguments.</summary>
    public void Append(string text) => _text.Append(text);

    /// <summary>Writes the item.</summary>
    /// <param name="json">Within an object that names it, or a list.</param>
    /// <param name="isWhole">With what it holds; otherwise as it begins.</param>
    public void Write(Utf8JsonWriter json, bool isWhole)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, Id);
        json.WriteString("type"u8, call is null ? "message" : "function_call");
        json.WriteString("status"u8, Status);
        if (call is not null)
        {
            json.WriteString("call_id"u8, call.Id);
            json.WriteString("name"u8, call.Name);
            json.WriteString("arguments"u8, isWhole ? Text : "");
        }
        else
        {
            json.WriteString("role"u8, "assistant"u8);
            json.WriteStartArray("content"u8);
            if (isWhole)
            {
                WriteText(json, Text);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>Writes a part of a message.</summary>
    public static void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "output_text"u8);
        json.WriteString("text"u8, text);
        json.WriteStartArray("annotations"u8);
        json.WriteEndArray();
        json.WriteStartArray("logprobs"u8);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
