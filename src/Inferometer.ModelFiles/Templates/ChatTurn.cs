using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Templates;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks: <see cref="System"/>, <see cref="User"/>, <see cref="Assistant"/>, <see cref="Tool"/>, or what a template
/// knows besides.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatTurn(string Role, string Content)
{
    /// <summary>Instructions to the model.</summary>
    public const string System = "system";

    /// <summary>The person asking.</summary>
    public const string User = "user";

    /// <summary>The model.</summary>
    public const string Assistant = "assistant";

    /// <summary>What a tool returned.</summary>
    public const string Tool = "tool";

    /// <summary>
    /// What the message holds besides, as the templates of Hugging Face know it: an object with <c>tool_calls</c>, <c>tool_call_id</c>,
    /// <c>name</c>, <c>reasoning_content</c> and so on. A <c>content</c> among it (a list of parts, or null) takes the place of
    /// <see cref="Content"/>.
    /// </summary>
    public JsonElement? Members { get; init; }

    /// <summary>The turn of a whole message as JSON, such as <c>{"role": "user", "content": "Hi"}</c>.</summary>
    /// <exception cref="InferometerException">It is no object with a role.</exception>
    public static ChatTurn FromJson(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("role", out JsonElement role)
            || role.ValueKind != JsonValueKind.String)
        {
            throw new InferometerException("A message of a conversation must be an object with a 'role'.");
        }

        string? content = message.TryGetProperty("content", out JsonElement text) && text.ValueKind == JsonValueKind.String
            ? text.GetString() : null;
        return new ChatTurn(role.GetString()!, content ?? "") { Members = message.Clone() };
    }
}
