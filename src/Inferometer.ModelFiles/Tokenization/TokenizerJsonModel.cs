using System.Globalization;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>Reads the <c>model</c> and <c>added_tokens</c> of a <c>tokenizer.json</c>.</summary>
internal sealed record TokenizerJsonModel(Vocabulary Vocabulary, TokenModel Model, IReadOnlyList<AddedToken> AddedTokens, int? UnknownId)
{
    /// <summary>Ids that stand for nothing, between others: published tokenizers leave a few thousand at most.</summary>
    private const int MostUnused = 1 << 16;

    public static TokenizerJsonModel Read(JsonElement root, string source, TokenSpelling spelling)
    {
        JsonElement model = root.Member("model");
        IReadOnlyList<AddedToken> added = ReadAdded(root.Member("added_tokens"), source);
        string? type = model.Member("type").StringOrNull()
            ?? (model.Member("merges").IsPresent() ? "BPE" : model.Member("vocab").ValueKind == JsonValueKind.Array ? "Unigram" : null);
        return type switch
        {
            "BPE" => ReadMerging(model, added, source, spelling),
            "Unigram" => ReadUnigram(model, added, source, spelling),
            "WordPiece" => ReadWordPiece(model, added, source, spelling),
            _ => throw new InferometerException(
                $"{source}: tokenizer model '{type}' is not supported; BPE, Unigram and WordPiece are."),
        };
    }

    private static TokenizerJsonModel ReadMerging(
        JsonElement model, IReadOnlyList<AddedToken> added, string source, TokenSpelling spelling)
    {
        RequireAbsent(model, "continuing_subword_prefix", source);
        RequireAbsent(model, "end_of_word_suffix", source);
        bool byteFallback = model.Member("byte_fallback").IsTrue();
        string? unknown = model.Member("unk_token").StringOrNull();
        Vocabulary vocabulary = ReadVocabulary(Entries(model, source), added, unknown, byteFallback, spelling, source);
        int? unknownId = vocabulary.IdOrNull(unknown);
        var merges = new MergeTable(vocabulary, ReadMerges(model.GetProperty("merges"), source));
        bool ignoreMerges = model.Member("ignore_merges").IsTrue();
        TokenModel tokenModel = spelling == TokenSpelling.ByteLevel
            ? new ByteLevelModel(vocabulary, merges, unknownId, ignoreMerges)
            : new CharacterMergeModel(
                vocabulary, merges, new MissingCharacterRules(unknownId, byteFallback, model.Member("fuse_unk").IsTrue()), ignoreMerges);
        return new TokenizerJsonModel(vocabulary, tokenModel, added, unknownId);
    }

    private static TokenizerJsonModel ReadUnigram(
        JsonElement model, IReadOnlyList<AddedToken> added, string source, TokenSpelling spelling)
    {
        List<(string Text, int Id)> entries = [];
        List<double> scores = [];
        foreach (JsonElement piece in model.GetProperty("vocab").EnumerateArray())
        {
            if (piece.GetArrayLength() != 2)
            {
                throw new FormatException($"piece {entries.Count.ToString(CultureInfo.InvariantCulture)} is no pair of a text and a score");
            }

            entries.Add((piece[0].GetString() ?? "", entries.Count));
            scores.Add(piece[1].GetDouble());
        }

        bool byteFallback = model.Member("byte_fallback").IsTrue();
        int? unknownId = model.Member("unk_id").Int32OrNull() is int id && id >= 0 && id < entries.Count ? id : null;
        Vocabulary vocabulary = ReadVocabulary(
            entries, added, unknownId is int known ? entries[known].Text : null, byteFallback, spelling, source);

        // Added tokens are found before the model sees a text; what they score is never asked.
        scores.AddRange(Enumerable.Repeat(0.0, vocabulary.Size - scores.Count));
        return new TokenizerJsonModel(
            vocabulary, new UnigramModel(vocabulary, [.. scores], unknownId, byteFallback), added, unknownId);
    }

    private static TokenizerJsonModel ReadWordPiece(
        JsonElement model, IReadOnlyList<AddedToken> added, string source, TokenSpelling spelling)
    {
        string prefix = model.Member("continuing_subword_prefix").StringOrNull() ?? WordPieceMarks.Published.Continue;
        if (!string.Equals(prefix, WordPieceMarks.Published.Continue, StringComparison.Ordinal))
        {
            throw new InferometerException($"{source}: continuing_subword_prefix '{prefix}' is not supported; it must be '##'.");
        }

        string? unknown = model.Member("unk_token").StringOrNull();
        Vocabulary vocabulary = ReadVocabulary(Entries(model, source), added, unknown, byteFallback: false, spelling, source);
        int? unknownId = vocabulary.IdOrNull(unknown);
        int longest = model.Member("max_input_chars_per_word").Int32OrNull() ?? WordPieceModel.DefaultLongestWord;
        return new TokenizerJsonModel(
            vocabulary, new WordPieceModel(vocabulary, WordPieceMarks.Published, unknownId, longest), added, unknownId);
    }

    private static List<(string Text, int Id)> Entries(JsonElement model, string source) =>
        [.. model.GetProperty("vocab").EnumerateObject().Select(entry => (entry.Name, CheckedId(entry.Value, entry.Name, source)))];

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
        List<(string Text, int Id)> entries, IReadOnlyList<AddedToken> added, string? unknown, bool byteFallback, TokenSpelling spelling,
        string source)
    {
        int size = 1 + entries.Select(entry => entry.Id).Concat(added.Select(token => token.Id)).DefaultIfEmpty(-1).Max();
        RequireFew(size - entries.Count - added.Count, size, source);
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

    /// <summary>A single wrong id would fill tables of millions of places that stand for nothing.</summary>
    private static void RequireFew(int unused, int size, string source)
    {
        if (unused > MostUnused)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{source}: the largest id of a token is {size - 1}, which leaves at least {unused} ids without one; at most {MostUnused} "
                    + $"are allowed."));
        }
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
