using System.Text.Json;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>Texts to embed, and their vectors.</summary>
/// <param name="Texts">The texts.</param>
internal sealed record EmbeddingInputs(IReadOnlyList<string> Texts)
{
    private const string Name = "input";
    private const int MaxTexts = 2048; // as OpenAI has it

    /// <summary>Reads them: a text, or a list of texts.</summary>
    /// <exception cref="ApiException">There is none, or it is neither.</exception>
    public static EmbeddingInputs Read(RequestFields fields)
    {
        string allowed = FormattableString.Invariant($"a string, or a list of 1 to {MaxTexts} strings, none of them empty");
        if (!fields.TryGet(Name, out JsonElement value))
        {
            throw fields.Wrong(Name, allowed);
        }

        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        if (items.Length is 0 or > MaxTexts)
        {
            throw fields.Wrong(Name, allowed);
        }

        return new EmbeddingInputs(
        [
            .. items.Select(item => item.ValueKind == JsonValueKind.String && fields.StringOf(item, Name) is { Length: > 0 } text
                ? text
                : throw fields.Wrong(Name, allowed)),
        ]);
    }

    /// <summary>Their vectors.</summary>
    public Task<float[][]> EmbedAsync(ModelService service, CancellationToken cancellationToken) =>
        service.EachAsync(Texts.Count, (i, token) => service.EmbedAsync(Texts[i], token), cancellationToken);

    /// <summary>Tokens of all texts.</summary>
    public int CountTokens(ServedModel model) => Texts.Sum(text => model.Engine.Tokenizer.Encode(text).Length);
}
