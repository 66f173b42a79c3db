using System.Text;
using System.Text.Json;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Server.OpenAi;

/// <summary>Writes log-probabilities.</summary>
internal static class LogProbabilityJson
{
    private const float Impossible = -9999; // JSON has no infinity; OpenAI's API and vLLM write this

    /// <summary>A token of a chat completion: its text, its bytes, and its log-probability.</summary>
    public static void WriteToken(Utf8JsonWriter json, TokenLogProbability token, Tokenizer tokenizer)
    {
        ReadOnlySpan<byte> bytes = tokenizer.TokenBytes(token.TokenId);
        json.WriteString("token"u8, TextOf(bytes));
        json.WriteNumber("logprob"u8, Finite(token.LogProbability));
        json.WriteStartArray("bytes"u8);
        foreach (byte value in bytes)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }

    /// <summary>The tokens of a text completion, as four lists of the same length.</summary>
    public static void WriteLists(
        Utf8JsonWriter json, IReadOnlyList<TokenLogProbabilities> tokens, Tokenizer tokenizer, ref int offset)
    {
        json.WriteStartObject("logprobs"u8);
        json.WriteStartArray("tokens"u8);
        foreach (TokenLogProbabilities token in tokens)
        {
            json.WriteStringValue(TextOf(tokenizer.TokenBytes(token.Chosen.TokenId)));
        }

        json.WriteEndArray();
        json.WriteStartArray("token_logprobs"u8);
        foreach (TokenLogProbabilities token in tokens)
        {
            json.WriteNumberValue(Finite(token.Chosen.LogProbability));
        }

        json.WriteEndArray();
        json.WriteStartArray("top_logprobs"u8);
        foreach (TokenLogProbabilities token in tokens)
        {
            WriteTop(json, token, tokenizer);
        }

        json.WriteEndArray();
        json.WriteStartArray("text_offset"u8);
        foreach (TokenLogProbabilities token in tokens)
        {
            json.WriteNumberValue(offset);
            offset += TextOf(tokenizer.TokenBytes(token.Chosen.TokenId)).Length;
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>An object by text; different tokens may have the same, of which the more probable one stays.</summary>
    private static void WriteTop(Utf8JsonWriter json, TokenLogProbabilities token, Tokenizer tokenizer)
    {
        HashSet<string> written = new(StringComparer.Ordinal);
        json.WriteStartObject();
        foreach (TokenLogProbability rival in token.Top.Append(token.Chosen))
        {
            string text = TextOf(tokenizer.TokenBytes(rival.TokenId));
            if (written.Add(text))
            {
                json.WriteNumber(text, Finite(rival.LogProbability));
            }
        }

        json.WriteEndObject();
    }

    private static string TextOf(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static float Finite(float value) => float.IsFinite(value) ? value : Impossible;
}
