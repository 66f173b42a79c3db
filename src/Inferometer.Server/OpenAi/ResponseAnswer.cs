using System.Text.Json;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Engine;
using Inferometer.Scheduling;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.OpenAi;

/// <summary>
/// Writes the answer to one request to <c>/v1/responses</c>: messages and calls in the order in which they come, whole or in events.
/// Reasoning is counted, and not shown, as in OpenAI's own service.
/// </summary>
internal sealed class ResponseAnswer(ResponseRequest request, ModelService service)
{
    private readonly AnswerParts _parts = new(request.Plan, request.Streams);
    private readonly List<ResponseItem> _items = [];
    private ResponseItem? _open; // the message that text is added to
    private ResponseItem? _call; // the call that is being written
    private GenerationUsage? _usage;
    private FinishReason _reason;
    private int _sequence;

    private string Status => _usage is null ? "in_progress" : _reason == FinishReason.Length ? "incomplete" : "completed";

    /// <summary>Collects the answer.</summary>
    public async Task CollectAsync(ChoiceStream stream)
    {
        do
        {
            Take(stream.Current.Update, output: null);
        }
        while (await stream.MoveNextAsync().ConfigureAwait(false));
        Finish(output: null);
    }

    /// <summary>Sends the answer as it comes.</summary>
    public async Task SendAsync(ChoiceStream stream, MessageStream output)
    {
        try
        {
            Event(output, "response.created"u8, json => WriteResponse(json, "response"));
            Event(output, "response.in_progress"u8, json => WriteResponse(json, "response"));
            await stream.ForwardAsync(output, piece => Take(piece.Update, output)).ConfigureAwait(false);
            Finish(output);
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

    private void Take(in GenerationUpdate update, MessageStream? output)
    {
        IReadOnlyList<AnswerPart> parts = _parts.Take(update);
        for (int i = 0; i < parts.Count; i++)
        {
            AnswerPart part = parts[i];
            switch (part.Kind)
            {
                case AnswerPartKind.ToolCallStart:
                    Close(output, "completed");
                    BeginCall(part.Call!, output);
                    break;
                case AnswerPartKind.ToolCallArguments:
                    AddArguments(part.Text, output);
                    break;
                case AnswerPartKind.ToolCall:
                    Close(output, "completed");
                    AddCall(part.Call!, output);
                    break;
                case AnswerPartKind.Text:
                    AddText(part.Text, output);
                    break;
                default:
                    break; // reasoning
            }
        }

        if (update.Usage is { } usage)
        {
            _usage = usage;
            _reason = update.FinishReason;
        }
    }

    // An answer without a word and without a call is an empty message.
    private void Finish(MessageStream? output)
    {
        if (_items.Count == 0)
        {
            Open(output);
        }

        Close(output, Status);
        CloseCall(output, Status);
    }

    private void AddText(string text, MessageStream? output)
    {
        ResponseItem message = _open ?? Open(output);
        message.Append(text);
        if (output is not null)
        {
            WriteDelta(output, message, text);
        }
    }

    private ResponseItem Open(MessageStream? output)
    {
        ResponseItem message = _open = new ResponseItem(_items.Count, call: null);
        _items.Add(message);
        if (output is not null)
        {
            WriteItem(output, "response.output_item.added"u8, message, isWhole: false);
            Event(output, "response.content_part.added"u8, json =>
            {
                WritePlace(json, message);
                json.WritePropertyName("part"u8);
                ResponseItem.WriteText(json, "");
            });
        }

        return message;
    }

    private void Close(MessageStream? output, string status)
    {
        if (_open is not { } message)
        {
            return;
        }

        _open = null;
        message.Status = status;
        if (output is null)
        {
            return;
        }

        Event(output, "response.output_text.done"u8, json =>
        {
            WritePlace(json, message);
            json.WriteString("text"u8, message.Text);
            WriteEmpty(json, "logprobs"u8);
        });
        Event(output, "response.content_part.done"u8, json =>
        {
            WritePlace(json, message);
            json.WritePropertyName("part"u8);
            ResponseItem.WriteText(json, message.Text);
        });
        WriteItem(output, "response.output_item.done"u8, message, isWhole: true);
    }

    private void BeginCall(ToolCall call, MessageStream? output)
    {
        _call = new ResponseItem(_items.Count, call);
        _items.Add(_call);
        if (output is not null)
        {
            WriteItem(output, "response.output_item.added"u8, _call, isWhole: false);
        }
    }

    private void AddArguments(string text, MessageStream? output)
    {
        _call!.Append(text);
        if (output is not null)
        {
            WriteArguments(output, _call, "response.function_call_arguments.delta"u8, "delta"u8, text);
        }
    }

    private void AddCall(ToolCall call, MessageStream? output)
    {
        if (_call is null)
        {
            BeginCall(call, output);
            AddArguments(call.Arguments.GetRawText(), output);
        }

        CloseCall(output, "completed");
    }

    private void CloseCall(MessageStream? output, string status)
    {
        if (_call is not { } item)
        {
            return;
        }

        _call = null;
        item.Status = status;
        if (output is not null)
        {
            WriteArguments(output, item, "response.function_call_arguments.done"u8, "arguments"u8, item.Text);
            WriteItem(output, "response.output_item.done"u8, item, isWhole: true);
        }
    }

    private void WriteArguments(MessageStream output, ResponseItem item, ReadOnlySpan<byte> name, ReadOnlySpan<byte> field, string text)
    {
        Utf8JsonWriter json = Begin(output, name);
        json.WriteString("item_id"u8, item.Id);
        json.WriteNumber("output_index"u8, item.Index);
        json.WriteString("name"u8, item.Call!.Name);
        json.WriteString(field, text);
        json.WriteEndObject();
        output.End();
    }

    private void WriteItem(MessageStream output, ReadOnlySpan<byte> name, ResponseItem item, bool isWhole) => Event(output, name, json =>
    {
        json.WriteNumber("output_index"u8, item.Index);
        json.WritePropertyName("item"u8);
        item.Write(json, isWhole);
    });

    private void WriteDelta(MessageStream output, ResponseItem message, string text)
    {
        Utf8JsonWriter json = Begin(output, "response.output_text.delta"u8);
        WritePlace(json, message);
        json.WriteString("delta"u8, text);
        WriteEmpty(json, "logprobs"u8);
        json.WriteEndObject();
        output.End();
    }

    private static void WritePlace(Utf8JsonWriter json, ResponseItem message)
    {
        json.WriteString("item_id"u8, message.Id);
        json.WriteNumber("output_index"u8, message.Index);
        json.WriteNumber("content_index"u8, 0);
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
            foreach (ResponseItem item in _items)
            {
                item.Write(json, isWhole: true);
            }
        }

        json.WriteEndArray();
        json.WriteNull("previous_response_id"u8);
        json.WriteBoolean("store"u8, value: false);
        json.WriteBoolean("parallel_tool_calls"u8, request.TakesManyCalls);
        WriteTools(json);
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

    private void WriteTools(Utf8JsonWriter json)
    {
        json.WritePropertyName("tool_choice"u8);
        if (request.ToolChoice is { } choice)
        {
            choice.WriteTo(json);
        }
        else
        {
            json.WriteStringValue("auto"u8);
        }

        json.WritePropertyName("tools"u8);
        if (request.Tools is { } tools)
        {
            tools.WriteTo(json);
        }
        else
        {
            json.WriteStartArray();
            json.WriteEndArray();
        }
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
