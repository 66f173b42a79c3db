using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Chat.Formats;
using Microsoft.Extensions.AI;

namespace Inferometer.Inference.Chat;

/// <summary>The variables of a template that chat options set.</summary>
internal static class ChatVariables
{
    /// <summary>Those that turn reasoning on or off or say how much of it there is to be, and those that are given by name.</summary>
    /// <exception cref="InferometerException">A value is none that a template can hold, or the template cannot do what is asked
    /// for.</exception>
    public static IReadOnlyDictionary<string, JsonElement> Of(ChatOptions? options, ChatFormat format)
    {
        Dictionary<string, JsonElement> variables = new(StringComparer.Ordinal);
        if (options?.Reasoning?.Effort is { } effort)
        {
            Add(variables, effort, format);
        }

        if (options?.AdditionalProperties?.TryGetValue(EngineChatClient.TemplateVariablesProperty, out object? given) is true)
        {
            JsonElement all = given switch
            {
                JsonElement element => element,
                IDictionary<string, object?> pairs => JsonSerializer.SerializeToElement(
                    pairs, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>))),
                _ => default,
            };
            if (all.ValueKind != JsonValueKind.Object)
            {
                throw new InferometerException(
                    $"chat: the additional property '{EngineChatClient.TemplateVariablesProperty}' must be an object: a JSON element or "
                        + "a dictionary.");
            }

            foreach (JsonProperty member in all.EnumerateObject())
            {
                variables[member.Name] = member.Value;
            }
        }

        return variables;
    }

    private static void Add(Dictionary<string, JsonElement> variables, ReasoningEffort effort, ChatFormat format)
    {
        if (effort is ReasoningEffort.None)
        {
            foreach ((string name, JsonElement value) in format.ThinkingVariables(isOn: false))
            {
                variables[name] = value;
            }

            return;
        }

        string level = effort switch { ReasoningEffort.Low => "low", ReasoningEffort.Medium => "medium", _ => "high" };
        variables["reasoning_effort"] = JsonElement.Parse($"\"{level}\"");
        variables["enable_thinking"] = variables["thinking"] = JsonElement.Parse("true");
    }
}
