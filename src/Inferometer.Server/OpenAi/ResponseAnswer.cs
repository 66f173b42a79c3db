using System.Text;
using System.Text.Json;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Engine;
using Inferometer.Scheduling;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.OpenAi;

/// <summary>
/// Writes the answer to one request to <c>/v1/responses</c>: one message with one text, whole or in events. Reasoning is counted, and not
/// shown, as in OpenAI's own service.
/// </summary>
internal sealed class ResponseAnswer(ResponseRequest request, ModelService service)
{
    private readonly AnswerParts _parts = new(request.Plan);
    private readonly StringBuilder _text = new();
    private GenerationUsage? _usage;
    private FinishReason _reason;
    private int _sequence;

    private string Status => _usage is null ? "in_progress" : _reason == FinishReason.Length ? "incomplete" : "completed";

    /// <summary>Collects the answer.</summary>
    public async Task CollectAsync(ChoiceStream stream)
    {
        do
        {
            _ = Keep(stream.Current.Update);
        }
        while (await stream.MoveNextAsync().ConfigureAwait(false));
    }

    /// <summary>Sends the answer as it comes.</summary>
    public async Task SendAsync(ChoiceStream stream, MessageStream output)
    {
        try
        {
            Event(output, "response.created"u8, json => WriteResponse(json, "response"));
            Event(output, "response.in_progress"u8, json => WriteResponse(json, "response"));
            Event(output, "response.output_item.added"u8, json =>
            {
                json.WriteNumber("output_index"u8, 0);
                WriteMessage(json, "item", withText: false);
            });
            Event(output, "response.content_part.added"u8, json =>
            {
                WritePlace(json);
                WriteText(json, "part", "");
            });
            await stream.ForwardAsync(output, piece =>
            {
                IReadOnlyList<AnswerPart> parts = Keep(piece.Update);
                for (int i = 0; i < parts.Count; i++)
                {
                    if (parts[i].Kind == AnswerPartKind.Text)
                    {
                        WriteDelta(output, parts[i].Text);
                    }
                }
            }).ConfigureAwait(false);
            Event(output, "response.output_text.done"u8, json =>
            {
                WritePlace(json);
                json.WriteString("text"u8, _text.ToString());
                WriteEmpty(json, "logprobs"u8);
            });
            Event(output, "response.content_part.done"u8, json =>
            {
                WritePlace(json);
                WriteText(json, "part", _text.ToString());
            });
            Event(output, "response.output_item.done"u8, json =>
            {
                json.WriteNumber("output_index"u8, 0);
                WriteMessage(json, "item", withText: true);
            });
            ReadOnlySpan<byte> last = _reason == FinishReason.Length ? "response.incomplete"u8 : "response.completed"u8;
            Event(output, last, json => WriteResponse(json, "response"));
            await output.FlushAsync().ConfigureAwait(false);
        }
        catch (ApiException error)
        {
            Event(output, "error"u8, json =>
            {
                json.WriteText("code"u8, error.Code);
                json.WriteString("message"u8, error.Message);
                json.WriteText("param"u8, error.Param);
            });
            await output.FlushAsync().ConfigureAwait(false);
            throw new BrokenStreamException(error);
        }
    }

    /// <summary>Writes the response as far as it has come.</summary>
    public void WriteWhole(Utf8JsonWriter json) => WriteResponse(json, null);

    private void WriteDelta(MessageStream output, string text)
    {
        Utf8JsonWriter json = Begin(output, "response.output_text.delta"u8);
        WritePlace(json);
        json.WriteString("delta"u8, text);
        WriteEmpty(json, "logprobs"u8);
        json.WriteEndObject();
        output.End();
    }

    private void Event(MessageStream output, ReadOnlySpan<byte> name, Action<Utf8JsonWriter> write)
    {
        Utf8JsonWriter json = Begin(output, name);
        write(json);
        json.WriteEndObject();
        output.End();
    }

    private Utf8JsonWriter Begin(MessageStream output, ReadOnlySpan<byte> name)
    {
        Utf8JsonWriter json = output.Start(name);
        json.WriteStartObject();
        json.WriteString("type"u8, name);
        json.WriteNumber("sequence_number"u8, _sequence++);
        return json;
    }

    private IReadOnlyList<AnswerPart> Keep(in GenerationUpdate update)
    {
        IReadOnlyList<AnswerPart> parts = _parts.Take(update);
        for (int i = 0; i < parts.Count; i++)
        {
            _text.Append(parts[i].Kind == AnswerPartKind.Text ? parts[i].Text : "");
        }

        if (update.Usage is { } usage)
        {
            _usage = usage;
            _reason = update.FinishReason;
        }

        return parts;
    }

    private void WritePlace(Utf8JsonWriter json)
    {
        json.WriteString("item_id"u8, request.MessageId);
        json.WriteNumber("output_index"u8, 0);
        json.WriteNumber("content_index"u8, 0);
    }

    private void WriteResponse(Utf8JsonWriter json, string? name)
    {
        Start(json, name);
        json.WriteString("id"u8, request.Id);
        json.WriteString("object"u8, "response"u8);
        json.WriteNumber("created_at"u8, request.Created);
        json.WriteString("status"u8, Status);
        json.WriteNull("error"u8);
        WriteIncomplete(json);
        json.WriteText("instructions"u8, request.Instructions);
        json.WriteString("model"u8, service.Model.Name);
        json.WriteStartArray("output"u8);
        if (_usage is not null)
        {
            WriteMessage(json, null, withText: true);
        }

        json.WriteEndArray();
        json.WriteNull("previous_response_id"u8);
        json.WriteBoolean("store"u8, value: false);
        json.WriteBoolean("parallel_tool_calls"u8, value: false);
        json.WriteString("tool_choice"u8, "none"u8);
        WriteEmpty(json, "tools"u8);
        WriteSettings(json);
        WriteUsage(json);
        json.WriteEndObject();
    }

    private void WriteIncomplete(Utf8JsonWriter json)
    {
        if (_usage is null || _reason != FinishReason.Length)
        {
            json.WriteNull("incomplete_details"u8);
            return;
        }

        json.WriteStartObject("incomplete_details"u8);
        json.WriteString("reason"u8, "max_output_tokens"u8);
        json.WriteEndObject();
    }

    private void WriteSettings(Utf8JsonWriter json)
    {
        json.WriteStartObject("text"u8);
        if (request.Format is { } format)
        {
            json.WritePropertyName("format"u8);
            format.WriteTo(json);
        }
        else
        {
            json.WriteStartObject("format"u8);
            json.WriteString("type"u8, "text"u8);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteNumber("temperature"u8, request.Generation.Sampling!.Temperature);
        json.WriteNumber("top_p"u8, request.Generation.Sampling.TopP);
        json.WriteString("truncation"u8, "disabled"u8);
        json.WriteStartObject("metadata"u8);
        json.WriteEndObject();
        if (request.Generation.MaxNewTokens is { } limit)
        {
            json.WriteNumber("max_output_tokens"u8, limit);
        }
        else
        {
            json.WriteNull("max_output_tokens"u8);
        }
    }

    private void WriteUsage(Utf8JsonWriter json)
    {
        if (_usage is not { } usage)
        {
            json.WriteNull("usage"u8);
            return;
        }

        json.WriteStartObject("usage"u8);
        json.WriteNumber("input_tokens"u8, usage.PromptTokens);
        json.WriteStartObject("input_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, usage.CachedPromptTokens);
        json.WriteEndObject();
        json.WriteNumber("output_tokens"u8, usage.OutputTokens);
        json.WriteStartObject("output_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, _parts.ReasoningTokens);
        json.WriteEndObject();
        json.WriteNumber("total_tokens"u8, usage.PromptTokens + usage.OutputTokens);
        json.WriteEndObject();
    }

    private void WriteMessage(Utf8JsonWriter json, string? name, bool withText)
    {
        Start(json, name);
        json.WriteString("id"u8, request.MessageId);
        json.WriteString("type"u8, "message"u8);
        json.WriteString("status"u8, Status);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteStartArray("content"u8);
        if (withText)
        {
            WriteText(json, null, _text.ToString());
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string? name, string text)
    {
        Start(json, name);
        json.WriteString("type"u8, "output_text"u8);
        json.WriteString("text"u8, text);
        WriteEmpty(json, "annotations"u8);
        WriteEmpty(json, "logprobs"u8);
        json.WriteEndObject();
    }

    private static void Start(Utf8JsonWriter json, string? name)
    {
        if (name is null)
        {
            json.WriteStartObject();
        }
        else
        {
            json.WriteStartObject(name);
        }
    }

    private static void WriteEmpty(Utf8JsonWriter json, ReadOnlySpan<byte> name)
    {
        json.WriteStartArray(name);
        json.WriteEndArray();
    }
}
