using System.Text;
using System.Text.Json;
using Inferometer.Inference.Engine;
using Inferometer.Scheduling;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Ollama;

/// <summary>Writes the answer to one request to <c>/api/generate</c> or <c>/api/chat</c>, whole or one document per piece.</summary>
internal sealed class OllamaAnswer(OllamaRequest request, ModelService service)
{
    private const double Nanoseconds = 1e9;

    private readonly StringBuilder _text = new();
    private GenerationUpdate _last;

    /// <summary>Collects the answer.</summary>
    public async Task CollectAsync(ChoiceStream stream)
    {
        do
        {
            _last = stream.Current.Update;
            _text.Append(_last.Text);
        }
        while (await stream.MoveNextAsync().ConfigureAwait(false));
    }

    /// <summary>Writes what was collected.</summary>
    public void WriteWhole(Utf8JsonWriter json) => WriteEnd(json, _text.ToString(), WordOf(_last.FinishReason));

    /// <summary>Writes the answer to a request without a prompt: the model is there.</summary>
    public void WriteLoaded(Utf8JsonWriter json) => WriteEnd(json, "", "load");

    /// <summary>Sends the answer as it comes.</summary>
    public async Task SendAsync(ChoiceStream stream, MessageStream output)
    {
        await stream.ForwardAsync(output, piece =>
        {
            _last = piece.Update;
            if (_last.Text.Length > 0)
            {
                Utf8JsonWriter json = output.Start();
                WriteHead(json, _last.Text);
                json.WriteBoolean("done"u8, value: false);
                json.WriteEndObject();
                output.End();
            }
        }).ConfigureAwait(false);
        WriteEnd(output.Start(), "", WordOf(_last.FinishReason));
        output.End();
        await output.FlushAsync().ConfigureAwait(false);
    }

    private void WriteHead(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("model"u8, service.Model.Name);
        json.WriteString("created_at"u8, DateTimeOffset.UtcNow);
        if (request.IsChat)
        {
            json.WriteStartObject("message"u8);
            json.WriteString("role"u8, "assistant"u8);
            json.WriteString("content"u8, text);
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("response"u8, text);
        }
    }

    private void WriteEnd(Utf8JsonWriter json, string text, string reason)
    {
        WriteHead(json, text);
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
