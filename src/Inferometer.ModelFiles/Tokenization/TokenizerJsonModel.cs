using System.Globalization;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>Reads the <c>model</c> and <c>added_tokens</c> of a <c>tokenizer.json</c>.</summary>
internal sealed record TokenizerJsonModel(Vocabulary Vocabulary, TokenModel Model, IReadOnlyList<AddedToken> AddedTokens, int? UnknownId)
{
    public static TokenizerJsonModel Read(JsonElement root, string source, TokenSpelling spelling)
    {
        JsonElement model = root.Member("model");
        string? type = model.Member("type").StringOrNull() ?? (model.Member("merges").IsPresent() ? "BPE" : null);
        if (type is not "BPE")
        {
            throw new InferometerException($"{source}: tokenizer model '{type}' is not supported; BPE is.");
        }

        RequireAbsent(model, "continuing_subword_prefix", source);
        RequireAbsent(model, "end_of_word_suffix", source);
        bool byteFallback = model.Member("byte_fallback").IsTrue();
        IReadOnlyList<AddedToken> added = ReadAdded(root.Member("added_tokens"), source);
        string? unknown = model.Member("unk_token").StringOrNull();
        Vocabulary vocabulary = ReadVocabulary(model.GetProperty("vocab"), added, unknown, byteFallback, spelling, source);
        int? unknownId = vocabulary.IdOrNull(unknown);
        var merges = new MergeTable(vocabulary, ReadMerges(model.GetProperty("merges"), source));
        bool ignoreMerges = model.Member("ignore_merges").IsTrue();
        TokenModel tokenModel = spelling == TokenSpelling.ByteLevel
            ? new ByteLevelModel(vocabulary, merges, unknownId, ignoreMerges)
            : new CharacterMergeModel(
                vocabulary, merges, new MissingCharacterRules(unknownId, byteFallback, model.Member("fuse_unk").IsTrue()), ignoreMerges);
        return new TokenizerJsonModel(vocabulary, tokenModel, added, unknownId);
    }

    private static void RequireAbsent(JsonElement model, string name, string source)
    {
        if (model.Member(name).StringOrNull() is { Length: > 0 } value)
        {
            throw new InferometerException($"{source}: {name} '{value}' is not supported; it must be empty.");
        }
    }

    private static List<AddedToken> ReadAdded(JsonElement tokens, string source)
    {
        List<AddedToken> added = [];
        if (!tokens.IsPresent())
        {
            return added;
        }

        foreach (JsonElement token in tokens.EnumerateArray())
        {
            string text = token.GetProperty("content").GetString() ?? "";
            int id = CheckedId(token.GetProperty("id"), text, source);
            added.Add(new AddedToken(
                text,
                id,
                token.Member("special").IsTrue(),
                token.Member("lstrip").IsTrue(),
                token.Member("rstrip").IsTrue(),
                token.Member("single_word").IsTrue()));
        }

        return added;
    }

    private static Vocabulary ReadVocabulary(
        JsonElement vocab, IReadOnlyList<AddedToken> added, string? unknown, bool byteFallback, TokenSpelling spelling, string source)
    {
        List<(string Text, int Id)> entries = [];
        foreach (JsonProperty entry in vocab.EnumerateObject())
        {
            entries.Add((entry.Name, CheckedId(entry.Value, entry.Name, source)));
        }

        int size = 1 + entries.Select(entry => entry.Id).Concat(added.Select(token => token.Id)).DefaultIfEmpty(-1).Max();
        var texts = new string[size];
        var kinds = new TokenKind[size];
        Array.Fill(texts, "");
        Array.Fill(kinds, TokenKind.Unused);
        foreach ((string text, int id) in entries)
        {
            if (kinds[id] != TokenKind.Unused)
            {
                throw new InferometerException(
                    string.Create(CultureInfo.InvariantCulture, $"{source}: '{texts[id]}' and '{text}' have the same id {id}."));
            }

            texts[id] = text;
            kinds[id] = byteFallback && Vocabulary.ByteValue(text) is not null ? TokenKind.Byte
                : string.Equals(text, unknown, StringComparison.Ordinal) ? TokenKind.Unknown
                : TokenKind.Normal;
        }

        foreach (AddedToken token in added)
        {
            texts[token.Id] = token.Text;
            kinds[token.Id] = kinds[token.Id] == TokenKind.Unknown
                ? TokenKind.Unknown
                : token.IsSpecial ? TokenKind.Control
                : TokenKind.UserDefined;
        }

        return new Vocabulary(texts, kinds, spelling, source);
    }

    private static List<(string Left, string Right)> ReadMerges(JsonElement merges, string source)
    {
        List<(string Left, string Right)> ranked = new(merges.GetArrayLength());
        foreach (JsonElement merge in merges.EnumerateArray())
        {
            if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2)
            {
                ranked.Add((merge[0].GetString()!, merge[1].GetString()!));
            }
            else
            {
                ranked.Add(MergeText.Parse(merge.GetString()!, ranked.Count, source));
            }
        }

        return ranked;
    }

    private static int CheckedId(JsonElement element, string text, string source) =>
        element.Int32OrNull() is int id && id >= 0 && id < Vocabulary.MaximumSize
            ? id
            : throw new InferometerException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{source}: token '{text}' has the id {element}; 0 to {Vocabulary.MaximumSize - 1} are allowed."));
}
