using System.Text.Json.Serialization;

namespace Inferometer.Measurement.Load;

/// <summary>What is written to and read from an OpenAI-compatible service: the parts that a load needs.</summary>
internal static class OpenAiMessages
{
    internal sealed record Request
    {
        [JsonPropertyName("model")]
        public required string Model { get; init; }

        [JsonPropertyName("prompt")]
        public string? Prompt { get; init; }

        [JsonPropertyName("messages")]
        public Message[]? Messages { get; init; }

        [JsonPropertyName("max_tokens")]
        public required int MaxTokens { get; init; }

        [JsonPropertyName("temperature")]
        public double Temperature { get; init; }

        [JsonPropertyName("stream")]
        public required bool Stream { get; init; }

        [JsonPropertyName("stream_options")]
        public StreamOptions? StreamOptions { get; init; }

        [JsonPropertyName("ignore_eos")]
        public bool? IgnoreEos { get; init; }
    }

    internal sealed record StreamOptions
    {
        [JsonPropertyName("include_usage")]
        public bool IncludeUsage { get; init; } = true;
    }

    internal sealed record Message
    {
        [JsonPropertyName("role")]
        public required string Role { get; init; }

        [JsonPropertyName("content")]
        public required string Content { get; init; }
    }

    internal sealed record Chunk
    {
        [JsonPropertyName("object")]
        public string? Object { get; init; }

        [JsonPropertyName("choices")]
        public Choice[]? Choices { get; init; }

        [JsonPropertyName("usage")]
        public Usage? Usage { get; init; }

        [JsonPropertyName("error")]
        public System.Text.Json.JsonElement? Error { get; init; }

        // Errors of older vLLM (object is "error") have their text here, without an "error" around it.
        [JsonPropertyName("message")]
        public System.Text.Json.JsonElement? Message { get; init; }
    }

    internal sealed record Choice
    {
        [JsonPropertyName("text")]
        public string? Text { get; init; }

        [JsonPropertyName("delta")]
        public Delta? Delta { get; init; }

        [JsonPropertyName("finish_reason")]
        public string? FinishReason { get; init; }
    }

    internal sealed record Delta
    {
        [JsonPropertyName("content")]
        public string? Content { get; init; }

        // Servers that tell thoughts from answers use one or the other name.
        [JsonPropertyName("reasoning_content")]
        public string? ReasoningContent { get; init; }

        [JsonPropertyName("reasoning")]
        public string? Reasoning { get; init; }
    }

    internal sealed record Usage
    {
        [JsonPropertyName("prompt_tokens")]
        public int PromptTokens { get; init; }

        [JsonPropertyName("completion_tokens")]
        public int CompletionTokens { get; init; }

        [JsonPropertyName("prompt_tokens_details")]
        public PromptDetails? PromptDetails { get; init; }
    }

    internal sealed record PromptDetails
    {
        [JsonPropertyName("cached_tokens")]
        public int? CachedTokens { get; init; }
    }

    internal sealed record ModelList
    {
        [JsonPropertyName("data")]
        public ModelEntry[]? Data { get; init; }
    }

    internal sealed record ModelEntry
    {
        [JsonPropertyName("id")]
        public string? Id { get; init; }
    }
}
