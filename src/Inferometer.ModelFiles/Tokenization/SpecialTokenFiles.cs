using System.Text.Json;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>Finds the special tokens in the files beside a <c>tokenizer.json</c>; each may be missing.</summary>
internal readonly struct SpecialTokenFiles(JsonElement tokenizerConfig, JsonElement generationConfig, JsonElement modelConfig)
{
    public bool AddsBos => tokenizerConfig.Member("add_bos_token").IsTrue();

    public int? BosId(Vocabulary vocabulary) => Named("bos_token", vocabulary) ?? FirstInside(Ids("bos_token_id"), vocabulary);

    public int? PadId(Vocabulary vocabulary) => Named("pad_token", vocabulary) ?? FirstInside(Ids("pad_token_id"), vocabulary);

    /// <summary>
    /// The token named in tokenizer_config.json, then those of the generation settings (of the model's where it has none).
    /// </summary>
    public IReadOnlyList<int> EosIds(Vocabulary vocabulary)
    {
        IEnumerable<int> named = Named("eos_token", vocabulary) is int id ? [id] : [];
        return [.. named.Concat(Ids("eos_token_id")).Where(id => id >= 0 && id < vocabulary.Size).Distinct()];
    }

    /// <summary>
    /// The special tokens as chat templates name them: those of tokenizer_config.json, or begin and end where that file is missing.
    /// </summary>
    public IReadOnlyDictionary<string, string> Texts(Vocabulary vocabulary)
    {
        Dictionary<string, string> texts = new(StringComparer.Ordinal);
        if (tokenizerConfig.ValueKind != JsonValueKind.Object)
        {
            Add("bos_token", BosId(vocabulary) is int bos ? vocabulary.Texts[bos] : null);
            Add("eos_token", EosIds(vocabulary) is [int eos, ..] ? vocabulary.Texts[eos] : null);
            return texts;
        }

        foreach (string name in (ReadOnlySpan<string>)[
            "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"])
        {
            JsonElement token = tokenizerConfig.Member(name);
            Add(name, token.StringOrNull() ?? token.Member("content").StringOrNull());
        }

        if (tokenizerConfig.Member("extra_special_tokens") is { ValueKind: JsonValueKind.Object } extra)
        {
            foreach (JsonProperty token in extra.EnumerateObject())
            {
                Add(token.Name, token.Value.StringOrNull() ?? token.Value.Member("content").StringOrNull());
            }
        }

        return texts;

        void Add(string name, string? text)
        {
            if (text is not null)
            {
                texts[name] = text;
            }
        }
    }

    private static int? FirstInside(int[] ids, Vocabulary vocabulary) =>
        ids.Length > 0 && ids[0] >= 0 && ids[0] < vocabulary.Size ? ids[0] : null;

    private int? Named(string name, Vocabulary vocabulary)
    {
        JsonElement token = tokenizerConfig.Member(name);
        return vocabulary.IdOrNull(token.StringOrNull() ?? token.Member("content").StringOrNull());
    }

    private int[] Ids(string name)
    {
        foreach (JsonElement source in (ReadOnlySpan<JsonElement>)[generationConfig, modelConfig, modelConfig.Member("text_config")])
        {
            JsonElement value = source.Member(name);
            if (value.Int32OrNull() is int id)
            {
                return [id];
            }

            if (value.ValueKind == JsonValueKind.Array)
            {
                return [.. value.EnumerateArray().Select(element => element.Int32OrNull()).OfType<int>()];
            }
        }

        return [];
    }
}
