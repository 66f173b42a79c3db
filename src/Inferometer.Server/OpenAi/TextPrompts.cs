using System.Text.Json;
using Inferometer.Inference.Engine;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.OpenAi;

/// <summary>
/// Reads the prompts of <c>/v1/completions</c>: a text, some texts, tokens, or some lists of tokens. In a text the written form of a
/// control token is that token, as vLLM and llama.cpp read it: whoever fills in the middle of a file or writes a chat template out sends it
/// so.
/// </summary>
internal static class TextPrompts
{
    private const string Name = "prompt";
    private const string Allowed = "a string, a list of strings, a list of token ids, or a list of such lists, none of them empty";

    /// <summary>Reads them; of each answer the prompt alone is set.</summary>
    /// <exception cref="ApiException">There is none, or it is none of these.</exception>
    public static List<GenerationRequest> Read(RequestFields fields, ServedModel model)
    {
        if (!fields.TryGet(Name, out JsonElement value))
        {
            throw fields.Wrong(Name, Allowed);
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return [OfText(fields, value)];
        }

        JsonElement[] items = [.. value.EnumerateArray()];
        return items.Length == 0 ? throw fields.Wrong(Name, Allowed)
            : items[0].ValueKind == JsonValueKind.Number ? [OfTokens(fields, model, items)]
            : [.. items.Select(item => item.ValueKind == JsonValueKind.Array
                ? OfTokens(fields, model, [.. item.EnumerateArray()])
                : OfText(fields, item))];
    }

    private static GenerationRequest OfText(RequestFields fields, JsonElement value) =>
        value.ValueKind == JsonValueKind.String && fields.StringOf(value, Name) is { Length: > 0 } text
            ? new GenerationRequest { Prompt = text, ParseSpecialTokens = true }
            : throw fields.Wrong(Name, Allowed);

    private static GenerationRequest OfTokens(RequestFields fields, ServedModel model, JsonElement[] items)
    {
        var tokens = new int[items.Length];
        for (int i = 0; i < tokens.Length; i++)
        {
            tokens[i] = items[i].ValueKind == JsonValueKind.Number && items[i].TryGetInt32(out int token) && token >= 0
                ? model.RequireToken(token, Name)
                : throw fields.Wrong(Name, Allowed);
        }

        return tokens.Length > 0 ? new GenerationRequest { PromptTokens = tokens } : throw fields.Wrong(Name, Allowed);
    }
}
