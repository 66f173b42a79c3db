using System.Text.Json;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>Texts to embed, in tokens, and their vectors.</summary>
/// <param name="Texts">The texts.</param>
internal sealed record EmbeddingInputs(IReadOnlyList<int[]> Texts)
{
    private const string Name = "input";
    private const int MaxTexts = 2048; // as OpenAI has it

    /// <summary>Reads them: a text, or a list of texts; or tokens, or lists of tokens.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="model">The model.</param>
    /// <param name="name">The field.</param>
    /// <exception cref="ApiException">There is none, or it is none of these.</exception>
    public static EmbeddingInputs Read(RequestFields fields, ServedModel model, string name = Name)
    {
        string allowed = FormattableString.Invariant(
            $"a string, a list of 1 to {MaxTexts} strings, none of them empty, a list of token ids, or a list of such lists");
        if (!fields.TryGet(name, out JsonElement value))
        {
            throw fields.Wrong(name, allowed);
        }

        bool isTokens = value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 && value[0].ValueKind == JsonValueKind.Number;
        JsonElement[] items = value.ValueKind == JsonValueKind.Array && !isTokens ? [.. value.EnumerateArray()] : [value];
        return items.Length is 0 or > MaxTexts ? throw fields.Wrong(name, allowed)
            : new EmbeddingInputs([.. items.Select(item => TokensOf(fields, item, model, name, allowed))]);
    }

    /// <summary>The same, each with its first tokens alone where it is longer; a control token that ends it stays.</summary>
    public EmbeddingInputs CutTo(int mostTokens, ServedModel model) => new([.. Texts.Select(tokens =>
        tokens.Length <= mostTokens ? tokens
        : mostTokens > 1 && tokens[^1] < model.Engine.Tokenizer.VocabularySize && model.Engine.Tokenizer.IsControl(tokens[^1])
            ? [.. tokens[..(mostTokens - 1)], tokens[^1]]
        : tokens[..mostTokens])]);

    /// <summary>Their vectors.</summary>
    public Task<float[][]> EmbedAsync(ModelService service, CancellationToken cancellationToken) =>
        service.EachAsync(Texts.Count, (i, token) => service.EmbedAsync(Texts[i], token), cancellationToken);

    /// <summary>Tokens of all texts.</summary>
    public int CountTokens() => Texts.Sum(tokens => tokens.Length);

    private static int[] TokensOf(RequestFields fields, JsonElement item, ServedModel model, string name, string allowed) =>
        item.ValueKind == JsonValueKind.String && fields.StringOf(item, name) is { Length: > 0 } text
            ? model.Engine.Tokenizer.Encode(text)
            : item.ValueKind == JsonValueKind.Array && item.GetArrayLength() > 0
                ? [.. item.EnumerateArray().Select(token =>
                    token.ValueKind == JsonValueKind.Number && token.TryGetInt32(out int id) && id >= 0
                        ? model.RequireToken(id, name) : throw fields.Wrong(name, allowed))]
            : throw fields.Wrong(name, allowed);
}
