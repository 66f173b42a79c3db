using System.Text.Json;
using Inferometer.Inference.Engine;

namespace Inferometer.Server.OpenAi;

/// <summary>Tokens that a request used, over all its answers.</summary>
internal sealed class TokenUsage
{
    private int _prompt;
    private int _cached;
    private int _output;
    private int _reasoning;

    /// <summary>Adds an answer.</summary>
    /// <param name="usage">What it took.</param>
    /// <param name="reasoningTokens">Tokens of it that were reasoning.</param>
    /// <param name="countsPrompt">Whether its prompt was not counted yet.</param>
    public void Add(GenerationUsage usage, int reasoningTokens, bool countsPrompt)
    {
        _reasoning += reasoningTokens;
        _output += usage.OutputTokens;
        if (countsPrompt)
        {
            _prompt += usage.PromptTokens;
            _cached += usage.CachedPromptTokens;
        }
    }

    /// <summary>Writes what was used so far, before any answer has ended.</summary>
    /// <param name="json">Within a piece of an answer.</param>
    /// <param name="promptTokens">Tokens of the prompts.</param>
    /// <param name="outputTokens">Tokens generated.</param>
    public static void WriteRunning(Utf8JsonWriter json, int promptTokens, int outputTokens)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, promptTokens);
        json.WriteNumber("completion_tokens"u8, outputTokens);
        json.WriteNumber("total_tokens"u8, promptTokens + outputTokens);
        json.WriteEndObject();
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
        if (_reasoning > 0)
        {
            json.WriteStartObject("completion_tokens_details"u8);
            json.WriteNumber("reasoning_tokens"u8, _reasoning);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
