using System.Text.Json;
using Inferometer.Inference.Engine;

namespace Inferometer.Server.OpenAi;

/// <summary>Tokens that a request used, over all its answers.</summary>
internal sealed class TokenUsage
{
    private int _prompt;
    private int _cached;
    private int _output;

    /// <summary>Adds an answer.</summary>
    /// <param name="usage">What it took.</param>
    /// <param name="countsPrompt">Whether its prompt was not counted yet.</param>
    public void Add(GenerationUsage usage, bool countsPrompt)
    {
        _output += usage.OutputTokens;
        if (countsPrompt)
        {
            _prompt += usage.PromptTokens;
            _cached += usage.CachedPromptTokens;
        }
    }

    /// <summary>Writes it.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, _prompt);
        json.WriteNumber("completion_tokens"u8, _output);
        json.WriteNumber("total_tokens"u8, _prompt + _output);
        json.WriteStartObject("prompt_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, _cached);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
