using System.Globalization;
using System.Text.Json;
using Inferometer.Inference.Chat.Formats;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>Reads what the messages of one conversation hold beside text: calls, their results, and earlier reasoning.</summary>
internal sealed class TurnMembers(ChatFormat format)
{
    private const string NoTools = "the model's chat template has no tools; leave them out, or serve a model that calls some.";
    private const string CallId = "tool_call_id";
    private const string Calls = "tool_calls";

    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal); // of the tools called, by the ids of calls
    private readonly List<string> _unanswered = []; // ids of calls
    private int _made;

    /// <summary>Reads them.</summary>
    /// <param name="message">The message.</param>
    /// <param name="role">Who speaks.</param>
    /// <param name="hasCalls">Whether it calls tools, for which it needs no text.</param>
    /// <returns>What the template is given of them; null = nothing.</returns>
    /// <exception cref="ApiException">They are not understood, or the model knows no tools.</exception>
    public JsonElement? Read(RequestFields message, string role, out bool hasCalls)
    {
        hasCalls = false;
        message.Ignore("reasoning_content", "thinking", "reasoning", "name", "tool_name");
        message.Refuse("function_call", "the older form of tools is not supported; give tool_calls.");
        if (role is "function")
        {
            throw ApiException.Unsupported(message.PathOf("role"), "the older form of tools is not supported; the role is \"tool\".");
        }

        if (role is ChatTurn.Tool)
        {
            return format.TakesTools ? Result(message) : throw ApiException.Unsupported(message.PathOf("role"), NoTools);
        }

        message.Refuse(CallId, "only messages of the role \"tool\" answer calls.");
        if (role is not ChatTurn.Assistant)
        {
            message.Refuse(Calls, "only messages of the role \"assistant\" call tools.");
            return null;
        }

        string reasoning = message.Text("reasoning_content") ?? message.Text("thinking") ?? message.Text("reasoning") ?? "";
        List<JsonElement> calls = ReadCalls(message);
        hasCalls = calls.Count > 0;
        return reasoning.Length == 0 && !hasCalls ? null : JsonBody.Element(json =>
        {
            if (reasoning.Length > 0)
            {
                json.WriteString("reasoning_content"u8, reasoning);
                json.WriteString("thinking"u8, reasoning); // as gpt-oss's template names it
            }

            if (calls.Count > 0)
            {
                json.WriteStartArray(Calls);
                foreach (JsonElement call in calls)
                {
                    call.WriteTo(json);
                }

                json.WriteEndArray();
            }
        });
    }

    private JsonElement Result(RequestFields message)
    {
        // Ollama's clients name the tool, or nothing: then it is the first of its calls that has no result.
        string? said = message.Text("name") ?? message.Text("tool_name");
        string? id = message.Text(CallId)
            ?? _unanswered.Find(call => said is null || string.Equals(_names[call], said, StringComparison.Ordinal));
        string? name = said ?? (id is not null && _names.TryGetValue(id, out string? called) ? called : null);
        if (id is null)
        {
            throw message.Wrong(CallId, "the id of the call that the message answers");
        }

        _ = _unanswered.Remove(id);
        return JsonBody.Element(json =>
        {
            json.WriteString(CallId, id);
            if (name is not null)
            {
                json.WriteString("name"u8, name);
            }
        });
    }

    private List<JsonElement> ReadCalls(RequestFields message)
    {
        List<JsonElement> calls = [];
        if (!message.TryGet(Calls, out JsonElement list))
        {
            return calls;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            throw message.Wrong(Calls, "a list of calls");
        }

        if (list.GetArrayLength() > 0 && !format.TakesTools)
        {
            throw ApiException.Unsupported(message.PathOf(Calls), NoTools);
        }

        foreach (JsonElement element in list.EnumerateArray())
        {
            calls.Add(ReadCall(RequestFields.Of(
                element, string.Create(CultureInfo.InvariantCulture, $"{message.PathOf(Calls)}[{calls.Count}]"))));
        }

        return calls;
    }

    private JsonElement ReadCall(RequestFields call)
    {
        if (call.Text("type") is not (null or "function"))
        {
            throw call.Wrong("type", "\"function\"");
        }

        RequestFields function = call.Object("function") ?? throw call.Wrong("function", "an object with a name and arguments");
        string name = function.Text("name") ?? throw function.Wrong("name", "the name of a tool");
        JsonElement arguments = Arguments(function);
        string id = call.Text("id") is { Length: > 0 } given ? given
            : string.Create(CultureInfo.InvariantCulture, $"call{_made++:00000}"); // as many letters as Mistral's templates ask for
        call.Ignore("index");
        function.Ignore("index", "description");
        function.RequireNothingElse();
        call.RequireNothingElse();
        _names[id] = name;
        _unanswered.Add(id);
        return JsonBody.Element(json =>
        {
            json.WriteString("id"u8, id);
            json.WriteString("type"u8, "function"u8);
            json.WriteStartObject("function"u8);
            json.WriteString("name"u8, name);
            json.WritePropertyName("arguments"u8);
            if (format.TakesArgumentsAsText)
            {
                json.WriteStringValue(arguments.GetRawText());
            }
            else
            {
                arguments.WriteTo(json);
            }

            json.WriteEndObject();
        });
    }

    /// <summary>The arguments: an object, which OpenAI's API has as text.</summary>
    private static JsonElement Arguments(RequestFields function)
    {
        const string Name = "arguments";
        const string Allowed = "a JSON object, or the text of one";
        JsonElement given = function.Json(Name) ?? throw function.Wrong(Name, Allowed);
        if (given.ValueKind == JsonValueKind.String)
        {
            string text = given.GetString()!;
            try
            {
                given = text.Length == 0 ? JsonElement.Parse("{}") : JsonElement.Parse(text, RequestReader.Options);
            }
            catch (JsonException)
            {
                throw function.Wrong(Name, Allowed);
            }

            RequestFields.RequireUnicode(given, function.PathOf(Name));
        }

        return given.ValueKind == JsonValueKind.Object ? given : throw function.Wrong(Name, Allowed);
    }
}
