using System.Text.Json;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Upstreams;

/// <summary>How much a request will ask of a server, as far as can be told without its tokenizer; servers are balanced by it.</summary>
internal static class RequestCost
{
    // Four letters a token is what English comes to in the vocabularies of today; an answer without a limit is taken to be of middling
    // length.
    private const int BytesPerToken = 4;
    private const int UsualAnswer = 256;

    private static readonly string[] s_limits = ["max_completion_tokens", "max_tokens", "max_output_tokens"];

    /// <summary>Tokens of prompt and answers.</summary>
    /// <param name="body">The request's body; what is no JSON costs what its length says.</param>
    public static long Of(ReadOnlyMemory<byte> body)
    {
        long prompt = 1 + (body.Length / BytesPerToken);
        if (body.Length == 0)
        {
            return prompt;
        }

        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                ? prompt + (Answer(root) * Count(root, "n", 1))
                : prompt;
        }
        catch (JsonException)
        {
            return prompt;
        }
    }

    private static long Answer(JsonElement root)
    {
        foreach (string name in s_limits)
        {
            if (root.TryGetProperty(name, out _))
            {
                return Count(root, name, UsualAnswer);
            }
        }

        return root.TryGetProperty("options", out JsonElement options) && options.ValueKind == JsonValueKind.Object
            ? Count(options, "num_predict", UsualAnswer)
            : UsualAnswer;
    }

    private static long Count(JsonElement root, string name, int usual) =>
        root.TryGetProperty(name, out JsonElement value) && RequestFields.IsWhole(value, out long count) && count is > 0 and <= int.MaxValue
            ? count
            : usual;
}
