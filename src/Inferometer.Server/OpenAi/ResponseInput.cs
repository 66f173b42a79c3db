using System.Globalization;
using System.Text.Json;
using Inferometer.Inference.Chat.Formats;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.OpenAi;

/// <summary>
/// Reads the items of a request to the responses API as the messages of a conversation: calls belong to the message of the model before
/// them, and what they gave is a message of its own. Reasoning of earlier answers is left out, as it is not shown.
/// </summary>
internal static class ResponseInput
{
    private const string Allowed = "\"message\", \"function_call\", \"function_call_output\" or \"reasoning\"";

    /// <summary>The turns of a list of items.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="items">Its field <c>input</c>.</param>
    /// <param name="format">How the model is given calls and their results.</param>
    /// <exception cref="ApiException">An item is not understood.</exception>
    public static List<ChatTurn> Read(RequestFields fields, JsonElement items, ChatFormat format)
    {
        if (items.ValueKind != JsonValueKind.Array || items.GetArrayLength() == 0)
        {
            throw fields.Wrong("input", "a string, or a list of at least one item");
        }

        List<(string Path, JsonElement Message)> messages = [];
        List<JsonElement> calls = [];
        int index = 0;
        foreach (JsonElement item in items.EnumerateArray())
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"{fields.PathOf("input")}[{index++}]");
            var one = RequestFields.Of(item, path);
            string type = one.Text("type") ?? "message";
            if (type is "function_call")
            {
                calls.Add(CallOf(one));
                continue;
            }

            AddCalls(messages, calls);
            switch (type)
            {
                case "message":
                    messages.Add((path, item));
                    break;
                case "function_call_output":
                    messages.Add((path, ResultOf(one)));
                    break;
                case "reasoning":
                    break;
                default:
                    throw one.Wrong("type", Allowed);
            }
        }

        AddCalls(messages, calls);
        return Conversation.Read(messages, format);
    }

    // Several calls in a row are one turn of the model, with what it said before them.
    private static void AddCalls(List<(string Path, JsonElement Message)> messages, List<JsonElement> calls)
    {
        if (calls.Count == 0)
        {
            return;
        }

        bool follows = messages.Count > 0 && messages[^1].Message is { ValueKind: JsonValueKind.Object } last
            && last.TryGetProperty("role", out JsonElement role) && role.ValueKind == JsonValueKind.String
            && role.ValueEquals("assistant"u8)
            && !last.TryGetProperty("tool_calls", out _);
        (string path, JsonElement message) = follows ? messages[^1] : ("input", default);
        if (follows)
        {
            messages.RemoveAt(messages.Count - 1);
        }

        JsonElement[] made = [.. calls];
        calls.Clear();
        messages.Add((path, JsonBody.Element(json =>
        {
            if (follows)
            {
                foreach (JsonProperty member in message.EnumerateObject())
                {
                    member.WriteTo(json);
                }
            }
            else
            {
                json.WriteString("role"u8, "assistant"u8);
            }

            json.WriteStartArray("tool_calls"u8);
            foreach (JsonElement call in made)
            {
                call.WriteTo(json);
            }

            json.WriteEndArray();
        })));
    }

    private static JsonElement CallOf(RequestFields item)
    {
        string id = item.Text("call_id") ?? throw item.Wrong("call_id", "the id of the call");
        string name = item.Text("name") ?? throw item.Wrong("name", "the name of a tool");
        string arguments = item.Text("arguments") ?? throw item.Wrong("arguments", "the text of a JSON object");
        item.Ignore("id", "status");
        item.RequireNothingElse();
        return JsonBody.Element(json =>
        {
            json.WriteString("id"u8, id);
            json.WriteString("type"u8, "function"u8);
            json.WriteStartObject("function"u8);
            json.WriteString("name"u8, name);
            json.WriteString("arguments"u8, arguments);
            json.WriteEndObject();
        });
    }

    private static JsonElement ResultOf(RequestFields item)
    {
        string id = item.Text("call_id") ?? throw item.Wrong("call_id", "the id of the call that it answers");
        if (!item.TryGet("output", out JsonElement output) || output.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
        {
            throw item.Wrong("output", "a text, or a list of texts");
        }

        item.Ignore("id", "status");
        item.RequireNothingElse();
        return JsonBody.Element(json =>
        {
            json.WriteString("role"u8, "tool"u8);
            json.WriteString("tool_call_id"u8, id);
            json.WritePropertyName("content"u8);
            output.WriteTo(json);
        });
    }
}
