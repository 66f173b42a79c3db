using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
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
        Utf8JsonWriter json, IReadOnlyList<TokenLogProbabilities> tokens, int top, Tokenizer tokenizer, TextOffsets offsets)
    {
        json.WriteStartObject("logprobs"u8);
        json.WriteStartArray("tokens"u8);
        foreach (TokenLogProbabilities token in tokens)
        {
            json.WriteStringValue(NameOf(tokenizer.TokenBytes(token.Chosen.TokenId)));
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
            json.WriteNumberValue(offsets.Next(token.Chosen.TokenId));
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

    /// <summary>
    /// An object by text: the most probable tokens and the token itself. Of different tokens with one text the token itself has it, and the
    /// others are named by their ids.
    /// </summary>
    private static void WriteTop(Utf8JsonWriter json, TokenLogProbabilities token, int top, Tokenizer tokenizer)
    {
        if (IsFirst(token))
        {
            json.WriteNullValue();
            return;
        }

        string chosen = NameOf(tokenizer.TokenBytes(token.Chosen.TokenId));
        HashSet<string> written = new(StringComparer.Ordinal);
        bool isThere = false;
        json.WriteStartObject();
        foreach (TokenLogProbability rival in token.Top.Take(top))
        {
            bool isChosen = rival.TokenId == token.Chosen.TokenId;
            string text = isChosen ? chosen : NameOf(tokenizer.TokenBytes(rival.TokenId));
            isThere |= isChosen;
            bool isTaken = !isChosen && (string.Equals(text, chosen, StringComparison.Ordinal) || !written.Add(text));
            string name = isTaken ? string.Create(CultureInfo.InvariantCulture, $"token_id:{rival.TokenId}") : text;
            json.WriteNumber(name, Finite(rival.LogProbability));
        }

        if (!isThere)
        {
            json.WriteNumber(chosen, Finite(token.Chosen.LogProbability));
        }

        json.WriteEndObject();
    }

    /// <summary>The text of a token where it has one by itself, and otherwise its bytes as OpenAI's service writes them.</summary>
    private static string NameOf(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            return TextOf(bytes);
        }

        StringBuilder name = new("bytes:");
        foreach (byte value in bytes)
        {
            name.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}");
        }

        return name.ToString();
    }

    private static bool IsFirst(TokenLogProbabilities token) => float.IsNaN(token.Chosen.LogProbability);

    private static string TextOf(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static float Finite(float value) => float.IsFinite(value) ? value : Impossible;
}
