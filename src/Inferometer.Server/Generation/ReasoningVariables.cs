using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>Reads what requests say of reasoning, and what else they give to the chat template, as its variables.</summary>
internal static class ReasoningVariables
{
    private const string Levels = "\"none\", \"minimal\", \"low\", \"medium\", \"high\" or \"xhigh\"";
    private const string Unknown = "the model's chat template knows no reasoning; leave it out.";

    /// <summary>
    /// Reads <c>reasoning_effort</c> and <c>chat_template_kwargs</c>, of which the latter counts where both name a variable.
    /// </summary>
    /// <exception cref="ApiException">They ask for what the template does not do.</exception>
    public static IReadOnlyDictionary<string, JsonElement> Read(RequestFields fields, ChatFormat format)
    {
        Dictionary<string, JsonElement> variables = new(OfEffort(fields, "reasoning_effort", format), StringComparer.Ordinal);
        if (fields.Json("chat_template_kwargs") is not { } given)
        {
            return variables;
        }

        if (given.ValueKind != JsonValueKind.Object)
        {
            throw fields.Wrong("chat_template_kwargs", "an object");
        }

        foreach (JsonProperty variable in given.EnumerateObject())
        {
            variables[variable.Name] = variable.Value;
        }

        return variables;
    }

    /// <summary>The variables of a level of reasoning.</summary>
    /// <exception cref="ApiException">It is none, or the template has none.</exception>
    public static IReadOnlyDictionary<string, JsonElement> OfEffort(RequestFields fields, string name, ChatFormat format) =>
        fields.Text(name) switch
        {
            null => new Dictionary<string, JsonElement>(StringComparer.Ordinal),
            "none" => Off(fields.PathOf(name), format),
            { } level and ("low" or "medium" or "high") => On(fields.PathOf(name), format, level),

            // No template that is known has them; they are the nearest level that has one.
            "minimal" => On(fields.PathOf(name), format, "low"),
            "xhigh" => On(fields.PathOf(name), format, "high"),
            _ => throw fields.Wrong(name, Levels),
        };

    /// <summary>Reads Ollama's <c>think</c>: yes, no, or a level.</summary>
    /// <exception cref="ApiException">It is none, or the template has none.</exception>
    public static IReadOnlyDictionary<string, JsonElement> ReadOllama(RequestFields fields, ChatFormat format)
    {
        const string Name = "think";
        return !fields.TryGet(Name, out JsonElement think) ? new Dictionary<string, JsonElement>(StringComparer.Ordinal)
            : think.ValueKind == JsonValueKind.False ? Off(Name, format)
            : think.ValueKind == JsonValueKind.True ? On(Name, format, level: null)
            : think.ValueKind == JsonValueKind.String && fields.StringOf(think, Name) is var level and ("low" or "medium" or "high")
                ? On(Name, format, level)
                : throw fields.Wrong(Name, "true, false, \"low\", \"medium\" or \"high\"");
    }

    private static IReadOnlyDictionary<string, JsonElement> Off(string path, ChatFormat format)
    {
        if (!format.HasReasoning)
        {
            return new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        }

        try
        {
            return format.ThinkingVariables(isOn: false);
        }
        catch (InferometerException)
        {
            throw ApiException.Unsupported(path, "the model's chat template has nothing that turns its reasoning off.");
        }
    }

    /// <summary>Templates take of these what they know: gpt-oss's the level, most others yes or no.</summary>
    private static Dictionary<string, JsonElement> On(string path, ChatFormat format, string? level)
    {
        if (!format.HasReasoning)
        {
            throw ApiException.Unsupported(path, Unknown);
        }

        JsonElement yes = JsonElement.Parse("true");
        Dictionary<string, JsonElement> variables = new(StringComparer.Ordinal) { ["enable_thinking"] = yes, ["thinking"] = yes };
        if (level is not null)
        {
            variables["reasoning_effort"] = JsonElement.Parse($"\"{level}\"");
        }

        return variables;
    }
}
