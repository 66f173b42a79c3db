using System.Globalization;
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

    /// <summary>
    /// The tokens of a text completion, as four lists of the same length. A token that stands behind none, the first of a prompt, has no
    /// probability.
    /// </summary>
    public static void WriteLists(
        Utf8JsonWriter json, IReadOnlyList<TokenLogProbabilities> tokens, int top, Tokenizer tokenizer, ref int offset)
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
            if (IsFirst(token))
            {
                json.WriteNullValue();
            }
            else
            {
                json.WriteNumberValue(Finite(token.Chosen.LogProbability));
            }
        }

        json.WriteEndArray();
        json.WriteStartArray("top_logprobs"u8);
        foreach (TokenLogProbabilities token in tokens)
        {
            WriteTop(json, token, top, tokenizer);
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

    /// <summary>
    /// The tokens of a prompt as vLLM has them: of each an object by ids, the token itself and its rivals; null for the first.
    /// </summary>
    public static void WriteOfPrompt(Utf8JsonWriter json, IReadOnlyList<TokenLogProbabilities> tokens, int top, Tokenizer tokenizer)
    {
        json.WriteStartArray("prompt_logprobs"u8);
        foreach (TokenLogProbabilities token in tokens)
        {
            if (IsFirst(token))
            {
                json.WriteNullValue();
                continue;
            }

            json.WriteStartObject();
            Write(token.Chosen, token.Rank);
            for (int i = 0; i < Math.Min(top, token.Top.Count); i++)
            {
                if (token.Top[i].TokenId != token.Chosen.TokenId)
                {
                    Write(token.Top[i], i + 1);
                }
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();

        void Write(TokenLogProbability token, int rank)
        {
            json.WriteStartObject(token.TokenId.ToString(CultureInfo.InvariantCulture));
            json.WriteNumber("logprob"u8, Finite(token.LogProbability));
            json.WriteNumber("rank"u8, rank);
            json.WriteString("decoded_token"u8, TextOf(tokenizer.TokenBytes(token.TokenId)));
            json.WriteEndObject();
        }
    }

    /// <summary>An object by text; different tokens may have the same, of which the more probable one stays.</summary>
    private static void WriteTop(Utf8JsonWriter json, TokenLogProbabilities token, int top, Tokenizer tokenizer)
    {
        if (IsFirst(token))
        {
            json.WriteNullValue();
            return;
        }

        HashSet<string> written = new(StringComparer.Ordinal);
        json.WriteStartObject();
        foreach (TokenLogProbability rival in token.Top.Take(top).Append(token.Chosen))
        {
            string text = TextOf(tokenizer.TokenBytes(rival.TokenId));
            if (written.Add(text))
            {
                json.WriteNumber(text, Finite(rival.LogProbability));
            }
        }

        json.WriteEndObject();
    }

    private static bool IsFirst(TokenLogProbabilities token) => float.IsNaN(token.Chosen.LogProbability);

    private static string TextOf(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static float Finite(float value) => float.IsFinite(value) ? value : Impossible;
}
