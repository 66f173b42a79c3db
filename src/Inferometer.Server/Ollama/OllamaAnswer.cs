using System.Text.Json;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Engine;
using Inferometer.Scheduling;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Ollama;

/// <summary>Writes the answer to one request to <c>/api/generate</c> or <c>/api/chat</c>, whole or one document per piece.</summary>
internal sealed class OllamaAnswer(OllamaRequest request, ModelService service)
{
    private const double Nanoseconds = 1e9;

    private readonly AnswerParts _parts = new(request.Plan, callsInPieces: false); // clients take a call's arguments whole
    private GenerationUpdate _last;

    /// <summary>Collects the answer.</summary>
    public async Task CollectAsync(ChoiceStream stream)
    {
        do
        {
            _last = stream.Current.Update;
            _parts.Keep(_last);
        }
        while (await stream.MoveNextAsync().ConfigureAwait(false));
    }

    /// <summary>Writes what was collected.</summary>
    public void WriteWhole(Utf8JsonWriter json) => WriteEnd(json, WordOf(_last.FinishReason));

    /// <summary>Writes the answer to a request without a prompt: the model is there.</summary>
    public void WriteLoaded(Utf8JsonWriter json) => WriteEnd(json, "load");

    /// <summary>Sends the answer as it comes.</summary>
    public async Task SendAsync(ChoiceStream stream, MessageStream output)
    {
        await stream.ForwardAsync(output, piece =>
        {
            _last = piece.Update;
            IReadOnlyList<AnswerPart> parts = _parts.Take(_last);
            for (int i = 0; i < parts.Count; i++)
            {
                AnswerPart part = parts[i];
                bool isReasoning = part.Kind == AnswerPartKind.Reasoning;
                Utf8JsonWriter json = output.Start();
                WriteHead(json, isReasoning ? "" : part.Text, isReasoning ? part.Text : "", part.Call is { } call ? [call] : []);
                json.WriteBoolean("done"u8, value: false);
                json.WriteEndObject();
                output.End();
            }
        }).ConfigureAwait(false);
        WriteEnd(output.Start(), WordOf(_last.FinishReason), isWhole: false);
        output.End();
        await output.FlushAsync().ConfigureAwait(false);
    }

    private void WriteHead(Utf8JsonWriter json, string text, string thinking, IReadOnlyList<ToolCall> calls)
    {
        json.WriteStartObject();
        json.WriteString("model"u8, service.Model.Name);
        json.WriteString("created_at"u8, DateTimeOffset.UtcNow);
        if (request.IsChat)
        {
            json.WriteStartObject("message"u8);
            json.WriteString("role"u8, "assistant"u8);
            json.WriteString("content"u8, text);
            WriteThinking(json, thinking);
            WriteCalls(json, calls);
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("response"u8, text);
            WriteThinking(json, thinking);
        }
    }

    private static void WriteThinking(Utf8JsonWriter json, string thinking)
    {
        if (thinking.Length > 0)
        {
            json.WriteString("thinking"u8, thinking);
        }
    }

    private static void WriteCalls(Utf8JsonWriter json, IReadOnlyList<ToolCall> calls)
    {
        if (calls.Count == 0)
        {
            return;
        }

        json.WriteStartArray("tool_calls"u8);
        foreach (ToolCall call in calls)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, call.Id);
            json.WriteStartObject("function"u8);
            json.WriteString("name"u8, call.Name);
            json.WritePropertyName("arguments"u8);
            call.Arguments.WriteTo(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The last document: of an answer that is written whole with all of it, otherwise with none.</summary>
    private void WriteEnd(Utf8JsonWriter json, string reason, bool isWhole = true)
    {
        WriteHead(json, isWhole ? _parts.Text : "", isWhole ? _parts.Reasoning : "", isWhole ? _parts.Calls : []);
        json.WriteBoolean("done"u8, value: true);
        json.WriteString("done_reason"u8, reason);
        if (_last.Usage is { } usage)
        {
            WriteDuration(json, "total_duration"u8, usage.TotalSeconds);
            WriteDuration(json, "load_duration"u8, 0); // the model was there before the request
            json.WriteNumber("prompt_eval_count"u8, usage.PromptTokens);
            WriteDuration(json, "prompt_eval_duration"u8, usage.TimeToFirstTokenSeconds - usage.QueueSeconds);
            json.WriteNumber("eval_count"u8, usage.OutputTokens);
            WriteDuration(json, "eval_duration"u8, usage.TotalSeconds - usage.TimeToFirstTokenSeconds);
        }

        json.WriteEndObject();
    }

    private static void WriteDuration(Utf8JsonWriter json, ReadOnlySpan<byte> name, double seconds) =>
        json.WriteNumber(name, double.IsNaN(seconds) ? 0 : (long)(seconds * Nanoseconds));

    private static string WordOf(FinishReason reason) => reason == FinishReason.Length ? "length" : "stop";
}
