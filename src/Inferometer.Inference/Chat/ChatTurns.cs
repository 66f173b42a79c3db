using System.Text.Encodings.Web;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Chat.Formats;
using Inferometer.ModelFiles.Templates;
using Microsoft.Extensions.AI;

namespace Inferometer.Inference.Chat;

/// <summary>The common chat messages as turns of a template, with calls, results and reasoning as templates name them.</summary>
internal sealed class ChatTurns(ChatFormat format)
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal); // of the tools called, by the ids of calls

    /// <summary>The turns; instructions and leading system messages are one.</summary>
    /// <exception cref="InferometerException">A message holds something else than text, calls and results.</exception>
    public List<ChatTurn> Of(IEnumerable<ChatMessage> messages, string? instructions)
    {
        List<string> system = string.IsNullOrEmpty(instructions) ? [] : [instructions];
        List<ChatTurn> turns = [];
        foreach (ChatMessage message in messages)
        {
            if (message.Contents.FirstOrDefault(
                c => c is not (
                    TextContent or UsageContent or TextReasoningContent or FunctionCallContent or FunctionResultContent)) is { } content)
            {
                throw new InferometerException(
                    $"chat: a message of the role '{message.Role}' holds {content.GetType().Name}; the engine takes text and calls of "
                        + "tools only.");
            }

            if (message.Role == ChatRole.System && turns.Count == 0)
            {
                system.Add(message.Text);
                continue;
            }

            FunctionResultContent[] results = [.. message.Contents.OfType<FunctionResultContent>()];
            turns.AddRange(results.Select(Result));
            if (results.Length == 0 || message.Text.Length > 0)
            {
                turns.Add(new ChatTurn(message.Role.Value, message.Text) { Members = Members(message) });
            }
        }

        if (system.Count > 0)
        {
            turns.Insert(0, new ChatTurn(ChatTurn.System, string.Join("\n\n", system)));
        }

        return turns;
    }

    private ChatTurn Result(FunctionResultContent result) => new(ChatTurn.Tool, TextOf(result.Result))
    {
        Members = Write(writer =>
        {
            writer.WriteString("tool_call_id", result.CallId);
            if (_names.TryGetValue(result.CallId, out string? name))
            {
                writer.WriteString("name", name);
            }
        }),
    };

    private JsonElement? Members(ChatMessage message)
    {
        FunctionCallContent[] calls = [.. message.Contents.OfType<FunctionCallContent>()];
        string reasoning = string.Concat(message.Contents.OfType<TextReasoningContent>().Select(part => part.Text));
        if (calls.Length == 0 && reasoning.Length == 0)
        {
            return null;
        }

        return Write(writer =>
        {
            if (reasoning.Length > 0)
            {
                writer.WriteString("reasoning_content", reasoning);
                writer.WriteString("thinking", reasoning); // as gpt-oss's template names it
            }

            if (calls.Length > 0)
            {
                writer.WriteStartArray("tool_calls");
                foreach (FunctionCallContent call in calls)
                {
                    WriteCall(writer, call);
                }

                writer.WriteEndArray();
            }
        });
    }

    private void WriteCall(Utf8JsonWriter writer, FunctionCallContent call)
    {
        _names[call.CallId] = call.Name;
        writer.WriteStartObject();
        writer.WriteString("id", call.CallId);
        writer.WriteString("type", "function");
        writer.WriteStartObject("function");
        writer.WriteString("name", call.Name);
        JsonElement arguments = JsonSerializer.SerializeToElement(
            call.Arguments ?? new Dictionary<string, object?>(StringComparer.Ordinal),
            AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>)));
        writer.WritePropertyName("arguments");
        if (format.TakesArgumentsAsText)
        {
            writer.WriteStringValue(arguments.GetRawText());
        }
        else
        {
            arguments.WriteTo(writer);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static string TextOf(object? result) => result switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
        JsonElement json => json.GetRawText(),
        _ => JsonSerializer.Serialize(result, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(object))),
    };

    private static JsonElement Write(Action<Utf8JsonWriter> members)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Plain))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return JsonElement.Parse(stream.ToArray());
    }
}
