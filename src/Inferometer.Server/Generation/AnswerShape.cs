using System.Text.Json;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>
/// What an answer is to look like: text, or a JSON object. The one place where <c>response_format</c>, <c>tools</c>, <c>tool_choice</c> and
/// reasoning are read from requests and applied to prompt and sampling; what is not done is refused here, by name.
/// </summary>
internal sealed record AnswerShape
{
    private const string NoTools = "not supported yet; leave it out.";
    private const string NoReasoning = "thinking cannot be steered yet; leave it out.";

    /// <summary>Any text.</summary>
    public static AnswerShape Text { get; } = new();

    /// <summary>Whether the answer is one JSON object.</summary>
    public bool Json { get; private init; }

    /// <summary>Variables for the chat template.</summary>
    public IReadOnlyDictionary<string, JsonElement> TemplateVariables { get; private init; } =
        new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    /// <summary>Reads the shape from a request of OpenAI's chat API.</summary>
    /// <exception cref="ApiException">It asks for what is not done.</exception>
    public static AnswerShape Read(RequestFields fields)
    {
        fields.Refuse("tools", NoTools);
        fields.Refuse("functions", NoTools);
        if (fields.TryGet("tool_choice", out JsonElement choice) && !(choice.ValueKind == JsonValueKind.String
            && choice.GetString() is "none" or "auto"))
        {
            throw ApiException.Unsupported("tool_choice", NoTools);
        }

        fields.Refuse("function_call", NoTools);
        fields.Ignore("parallel_tool_calls");
        fields.Refuse("reasoning_effort", NoReasoning);
        fields.Refuse("reasoning", NoReasoning);
        return new AnswerShape { Json = ReadFormat(fields), TemplateVariables = Variables(fields) };
    }

    /// <summary>Reads the shape from a request for the continuation of a text, which knows neither tools nor templates.</summary>
    /// <exception cref="ApiException">It asks for what is not done.</exception>
    public static AnswerShape ReadForText(RequestFields fields) => new() { Json = ReadFormat(fields) };

    /// <summary>Reads the shape from a request of OpenAI's responses API.</summary>
    /// <exception cref="ApiException">It asks for what is not done.</exception>
    public static AnswerShape ReadResponses(RequestFields fields)
    {
        fields.Refuse("tools", NoTools);
        if (fields.TryGet("tool_choice", out JsonElement choice) && !(choice.ValueKind == JsonValueKind.String
            && choice.GetString() is "none" or "auto"))
        {
            throw ApiException.Unsupported("tool_choice", NoTools);
        }

        fields.Ignore("parallel_tool_calls", "max_tool_calls");
        fields.Refuse("reasoning", NoReasoning);
        if (fields.Object("text") is not { } text)
        {
            return Text;
        }

        AnswerShape shape = new() { Json = ReadFormat(text, "format") };
        text.RequireNothingElse();
        return shape;
    }

    /// <summary>Reads the shape from a request of Ollama's API: <c>format</c> and what stands for tools and reasoning there.</summary>
    /// <exception cref="ApiException">It asks for what is not done.</exception>
    public static AnswerShape ReadOllama(RequestFields fields)
    {
        fields.Refuse("tools", NoTools);
        fields.Refuse("think", NoReasoning);
        if (!fields.TryGet("format", out JsonElement format) || format is { ValueKind: JsonValueKind.String } && format.GetString() is "")
        {
            return Text;
        }

        return format.ValueKind == JsonValueKind.String && format.GetString() is "json"
            ? new AnswerShape { Json = true }
            : throw ApiException.Unsupported("format", "schemas are not supported yet; \"json\" is.");
    }

    /// <summary>Refuses what a message of a conversation holds of tools.</summary>
    /// <exception cref="ApiException">It holds some.</exception>
    public static void RefuseToolMessage(RequestFields message, string role)
    {
        if (role is "tool" or "function")
        {
            throw ApiException.Unsupported(message.PathOf("role"), NoTools);
        }

        message.Refuse("tool_calls", NoTools);
        message.Refuse("function_call", NoTools);
        message.Refuse("tool_call_id", NoTools);
    }

    /// <summary>The prompt that leads to an answer of this shape.</summary>
    public ChatPrompt Apply(ChatPrompt prompt) => prompt with { Variables = TemplateVariables };

    /// <summary>The sampling that holds an answer to this shape.</summary>
    public SamplingOptions Apply(SamplingOptions sampling) => sampling with { Constraint = Json ? OutputConstraint.JsonObject : null };

    private static bool ReadFormat(RequestFields fields, string name = "response_format")
    {
        if (fields.Object(name) is not { } format)
        {
            return false;
        }

        return format.Text("type") switch
        {
            "text" => false,
            "json_object" => true,
            "json_schema" => throw ApiException.Unsupported(
                format.PathOf("type"), "schemas are not supported yet; allowed are \"text\" and \"json_object\"."),
            _ => throw format.Wrong("type", "\"text\" or \"json_object\""),
        };
    }

    private static Dictionary<string, JsonElement> Variables(RequestFields fields)
    {
        Dictionary<string, JsonElement> variables = new(StringComparer.Ordinal);
        if (!fields.TryGet("chat_template_kwargs", out JsonElement given))
        {
            return variables;
        }

        if (given.ValueKind != JsonValueKind.Object)
        {
            throw fields.Wrong("chat_template_kwargs", "an object");
        }

        foreach (JsonProperty variable in given.EnumerateObject())
        {
            variables[variable.Name] = variable.Value.Clone();
        }

        return variables;
    }
}
