using System.Diagnostics;
using System.Text.Json;
using Inferometer.Inference.Engine;

namespace Inferometer.Server.OpenAi;

/// <summary>
/// The times of one answer as llama.cpp's server tells them: while it is generated what was generated so far, with its end the prompt's
/// as well. Times per token are those between tokens. Not thread-safe.
/// </summary>
internal sealed class AnswerTimings
{
    private static readonly Names s_prompt = new("prompt");
    private static readonly Names s_predicted = new("predicted");

    private long _first;
    private long _last;
    private int _tokens;

    /// <summary>Counts a piece of the answer.</summary>
    public void Count(in GenerationUpdate update)
    {
        if (update.TokenId is not null)
        {
            _last = Stopwatch.GetTimestamp();
            _first = _tokens++ == 0 ? _last : _first;
        }
    }

    /// <summary>Writes them.</summary>
    /// <param name="json">Within the answer.</param>
    /// <param name="usage">What the answer took; null = it has not ended.</param>
    public void Write(Utf8JsonWriter json, GenerationUsage? usage)
    {
        json.WriteStartObject("timings"u8);
        if (usage is null)
        {
            Write(json, s_predicted, _tokens, Stopwatch.GetElapsedTime(_first, _last).TotalMilliseconds, _tokens - 1);
        }
        else
        {
            int computed = usage.PromptTokens - usage.CachedPromptTokens;
            double prompt = Known(usage.TimeToFirstTokenSeconds - usage.QueueSeconds);
            json.WriteNumber("cache_n"u8, usage.CachedPromptTokens);
            Write(json, s_prompt, computed, prompt * 1e3, computed);
            double decoding = Known(usage.TotalSeconds - usage.TimeToFirstTokenSeconds);
            Write(json, s_predicted, usage.OutputTokens, decoding * 1e3, usage.OutputTokens - 1);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Names names, int tokens, double milliseconds, int timed)
    {
        json.WriteNumber(names.Tokens, tokens);
        json.WriteNumber(names.Milliseconds, milliseconds);
        json.WriteNumber(names.PerToken, timed > 0 ? milliseconds / timed : 0);
        json.WriteNumber(names.PerSecond, timed > 0 && milliseconds > 0 ? timed / (milliseconds / 1e3) : 0);
    }

    private static double Known(double seconds) => double.IsNaN(seconds) ? 0 : seconds;

    /// <summary>The members of a phase.</summary>
    private sealed class Names(string phase)
    {
        public JsonEncodedText Tokens { get; } = JsonEncodedText.Encode(phase + "_n");

        public JsonEncodedText Milliseconds { get; } = JsonEncodedText.Encode(phase + "_ms");

        public JsonEncodedText PerToken { get; } = JsonEncodedText.Encode(phase + "_per_token_ms");

        public JsonEncodedText PerSecond { get; } = JsonEncodedText.Encode(phase + "_per_second");
    }
}
