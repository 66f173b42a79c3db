using System.Globalization;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Serving.Arrivals;

/// <summary>
/// Reads pairs of prompt and answer lengths: ShareGPT's JSON, the dataset that vLLM's serving benchmark is run with (an array of objects
/// with <c>conversations</c>, of each the first two messages), or any arrival trace, whose times are passed over.
/// </summary>
public static class LengthPairsReader
{
    /// <summary>Characters that stand for a token where texts are not tokenised: the usual figure for English.</summary>
    public const int CharactersPerToken = 4;

    private const int MaxTotalTokens = 2048;
    private const int MaxPromptTokens = 1024;
    private const int MinTokens = 4;

    /// <summary>Reads a file: <c>.json</c> is ShareGPT's, anything else an arrival trace.</summary>
    /// <param name="path">The file.</param>
    /// <param name="countTokens">Tokens of a text; null = one for every <see cref="CharactersPerToken"/> characters.</param>
    /// <exception cref="InferometerException">The file is missing, malformed, or holds no pair.</exception>
    public static LengthPairs Read(string path, Func<string, int>? countTokens = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            ArrivalTrace trace = ArrivalTraceReader.Read(path);
            return new LengthPairs(trace.Where(a => a.OutputTokens > 0).Select(a => (a.InputTokens, a.OutputTokens)), path);
        }

        try
        {
            using FileStream file = File.OpenRead(path);
            return ReadShareGpt(file, path, countTokens);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"dataset {path}: cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }

    /// <summary>
    /// Reads ShareGPT's JSON. As vLLM does, it leaves out conversations of fewer than two messages, and pairs with fewer than 4 tokens on
    /// either side, with prompts above 1024 tokens, or above 2048 together.
    /// </summary>
    /// <param name="json">The text, UTF-8.</param>
    /// <param name="name">What error messages call it.</param>
    /// <param name="countTokens">Tokens of a text; null = one for every <see cref="CharactersPerToken"/> characters.</param>
    /// <exception cref="InferometerException">It is malformed, or holds no pair.</exception>
    public static LengthPairs ReadShareGpt(Stream json, string name, Func<string, int>? countTokens = null)
    {
        ArgumentNullException.ThrowIfNull(json);
        bool isEstimated = countTokens is null;
        countTokens ??= text => (text.Length + CharactersPerToken - 1) / CharactersPerToken;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            if (!JsonUnicode.IsSound(document.RootElement))
            {
                throw new InferometerException($"dataset {name}: it holds text that is no Unicode.");
            }

            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                throw new InferometerException($"dataset {name}: expected is an array of conversations.");
            }

            List<(int, int)> pairs = [];
            int number = 0;
            foreach (JsonElement entry in document.RootElement.EnumerateArray())
            {
                string where = string.Create(CultureInfo.InvariantCulture, $"dataset {name}, conversation {++number}");
                if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("conversations", out JsonElement messages)
                    || messages.ValueKind != JsonValueKind.Array)
                {
                    throw new InferometerException($"{where}: it has no array \"conversations\".");
                }

                if (messages.GetArrayLength() < 2)
                {
                    continue;
                }

                int input = countTokens(TextOf(messages[0], where));
                int output = countTokens(TextOf(messages[1], where));
                if (input is >= MinTokens and <= MaxPromptTokens && output >= MinTokens && input + output <= MaxTotalTokens)
                {
                    pairs.Add((input, output));
                }
            }

            return new LengthPairs(pairs, $"dataset {name}", isEstimated);
        }
        catch (JsonException error)
        {
            throw new InferometerException($"dataset {name}: no JSON: {JsonFault.Describe(error)}", error);
        }
    }

    private static string TextOf(JsonElement message, string where) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty("value", out JsonElement value)
            && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new InferometerException($"{where}: a message has no text \"value\".");
}
