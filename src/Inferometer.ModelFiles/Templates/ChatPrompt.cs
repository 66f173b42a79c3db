using System.Text.Json;

namespace Inferometer.ModelFiles.Templates;

/// <summary>What a chat template is rendered with: the parameters of <c>apply_chat_template</c> in Hugging Face's transformers.</summary>
public sealed record ChatPrompt
{
    /// <summary>The conversation: at least one turn.</summary>
    public required IReadOnlyList<ChatTurn> Turns { get; init; }

    /// <summary>Ends with what makes the model answer.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>
    /// Ends within the last turn, which the model goes on with, instead of behind it. For prompts that are rendered with a tokenizer.
    /// </summary>
    public bool ContinuesLastTurn { get; init; }

    /// <summary>The tools the model may call: an array of JSON schemas of functions; null = none.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>The documents the model may use: an array of objects, usually with <c>title</c> and <c>text</c>; null = none.</summary>
    public JsonElement? Documents { get; init; }

    /// <summary>Further variables of the template, such as <c>enable_thinking</c> or <c>date_string</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; init; } = new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    /// <summary>
    /// When the template refuses a conversation that begins with a system turn, it is tried once more with that turn's text in front of the
    /// first user turn. The reference refuses.
    /// </summary>
    public bool FoldsSystemTurn { get; init; }

    /// <summary>What tells templates the date.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
