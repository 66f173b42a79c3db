using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// Loads the tokenizer a GGUF file carries in its metadata: SentencePiece (<c>llama</c> for merged pairs, <c>t5</c> for unigrams),
/// byte-level BPE (<c>gpt2</c>) or WordPiece (<c>bert</c>).
/// </summary>
public static class GgufTokenizer
{
    /// <summary>Loads the tokenizer described by a GGUF header.</summary>
    /// <exception cref="InferometerException">The metadata is missing, inconsistent, or of a kind that is not supported.</exception>
    public static Tokenizer Load(GgufHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        string model = header.GetString("tokenizer.ggml.model");
        return model switch
        {
            "gemma4" => LoadCharacterMerges(header),
            "llama" => LoadSentencePiece(header),
            "gpt2" => LoadByteLevel(header),
            "t5" => LoadUnigram(header),
            "bert" => LoadWordPiece(header),
            _ => throw new InferometerException(
                $"{header.Source}: tokenizer model '{model}' is not supported; llama (SentencePiece), t5 (SentencePiece's unigrams), gpt2 "
                    + "(byte-level BPE) and bert (WordPiece) are."),
        };
    }

    private static Tokenizer LoadSentencePiece(GgufHeader header)
    {
        Vocabulary vocabulary = ReadVocabulary(header, TokenSpelling.SentencePiece);
        int? unknown = SpecialId(header, "unknown_token_id") ?? FirstOfKind(vocabulary, TokenKind.Unknown);
        float[] scores = ReadScores(header, vocabulary.Size);
        bool spacePrefix = header.GetBool("tokenizer.ggml.add_space_prefix", true);
        List<NormalizerStep> normalizer = [new ReplaceStep(" ", "\u2581")];
        if (spacePrefix)
        {
            normalizer.Insert(0, new PrependStep(" "));
        }

        return Create(header, addsBosByDefault: true, new TokenizerParts
        {
            Vocabulary = vocabulary,
            Model = new ScoredPieceModel(vocabulary, scores, unknown),
            Normalizer = normalizer,
            StripsLeadingSpace = spacePrefix,
            UnknownId = unknown,
        });
    }

    private static Tokenizer LoadUnigram(GgufHeader header)
    {
        Vocabulary vocabulary = ReadVocabulary(header, TokenSpelling.SentencePiece);
        int? unknown = SpecialId(header, "unknown_token_id") ?? FirstOfKind(vocabulary, TokenKind.Unknown);
        double[] scores = Array.ConvertAll(ReadScores(header, vocabulary.Size), score => (double)score);
        bool spacePrefix = header.GetBool("tokenizer.ggml.add_space_prefix", true);
        bool behind = header.GetBool("tokenizer.ggml.treat_whitespace_as_suffix", false);
        return Create(header, addsBosByDefault: false, new TokenizerParts
        {
            Vocabulary = vocabulary,
            Model = new UnigramModel(vocabulary, scores, unknown, byteFallback: Array.IndexOf(vocabulary.Kinds, TokenKind.Byte) >= 0),
            Normalizer =
            [
                new SentencePieceStep(
                    ReadCharacterMap(header), header.GetBool("tokenizer.ggml.remove_extra_whitespaces", false), spacePrefix, behind),
            ],
            StripsLeadingSpace = spacePrefix && !behind,
            UnknownId = unknown,
        });
    }

    private static CharacterMap? ReadCharacterMap(GgufHeader header)
    {
        const string Key = "tokenizer.ggml.precompiled_charsmap";
        if (header.Metadata.GetValueOrDefault(Key) is not { } stored)
        {
            return null;
        }

        long[] values = stored.AsInt64s()
            ?? throw new InferometerException($"{header.Source}: '{Key}' is not an array of bytes.");
        return values.Length == 0 ? null : new CharacterMap(Array.ConvertAll(values, value => unchecked((byte)value)), header.Source);
    }

    private static Tokenizer LoadWordPiece(GgufHeader header)
    {
        Vocabulary vocabulary = ReadVocabulary(header, TokenSpelling.SentencePiece);
        int? unknown = SpecialId(header, "unknown_token_id") ?? vocabulary.IdOrNull("[UNK]");
        bool lowercases = header.GetBool("tokenizer.ggml.normalizer.lowercase", !HasCapitals(vocabulary));
        bool stripsAccents = header.GetBool("tokenizer.ggml.normalizer.strip_accents", lowercases);
        return Create(header, addsBosByDefault: true, new TokenizerParts
        {
            Vocabulary = vocabulary,
            Model = new WordPieceModel(vocabulary, WordPieceMarks.Gguf, unknown),
            PreTokenizer = new PreTokenizer(PreTokenizers.Bert),
            Normalizer = [new BertStep(CleansText: true, PartsChinese: true, stripsAccents, lowercases)],
            StripsLeadingSpace = true,
            UnknownId = unknown,
        });
    }

    /// <summary>Files that do not say whether a model tells capitals apart are asked for a word that has one.</summary>
    private static bool HasCapitals(Vocabulary vocabulary)
    {
        for (int id = 0; id < vocabulary.Size; id++)
        {
            if (vocabulary.Kinds[id] == TokenKind.Normal && vocabulary.Texts[id] is not ['[', .., ']']
                && vocabulary.Texts[id].Any(char.IsUpper))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>One score per token. A file without any gives each the same, as llama.cpp does: of several pairs the first is
    /// joined.</summary>
    private static float[] ReadScores(GgufHeader header, int tokens)
    {
        const string Key = "tokenizer.ggml.scores";
        return header.Metadata.GetValueOrDefault(Key) is not { } stored
            ? new float[tokens]
            : stored.AsSingles() ?? throw new InferometerException($"{header.Source}: '{Key}' is not an array of 32-bit floats.");
    }

    private static Tokenizer LoadByteLevel(GgufHeader header)
    {
        Vocabulary vocabulary = ReadVocabulary(header, TokenSpelling.ByteLevel);
        NamedPreTokenizer named = PreTokenizers.Get(header.GetString("tokenizer.ggml.pre", "default"), header.Source);
        MergeTable merges = ReadMerges(header, vocabulary);
        int? unknown = SpecialId(header, "unknown_token_id");
        return Create(header, named.AddsBos, new TokenizerParts
        {
            Vocabulary = vocabulary,
            Model = new ByteLevelModel(vocabulary, merges, unknown, named.IgnoreMerges),
            PreTokenizer = named.Create(),
            Normalizer =
            [
                .. header.GetBool("tokenizer.ggml.normalizer.nfc", false) ? [new ComposeStep()] : (NormalizerStep[])[],
                .. header.GetBool("tokenizer.ggml.add_space_prefix", false)
                    ? [new PrependStep(" ", OnlyFirst: true, OnlyWhenMissing: true)] : (NormalizerStep[])[],
            ],
            UnknownId = unknown,
        });
    }

    private static Tokenizer Create(GgufHeader header, bool addsBosByDefault, TokenizerParts parts)
    {
        // BERT's begin and end go by the names of the tasks they were made for.
        bool isBert = header.GetString("tokenizer.ggml.model") is "bert";
        int? separator = SpecialId(header, "seperator_token_id") ?? SpecialId(header, "separator_token_id");
        bool isEncoder = Encoder(header) is not null;
        int? bos = (isBert || isEncoder ? SpecialId(header, "cls_token_id") : null) ?? SpecialId(header, "bos_token_id")
            ?? (parts.Vocabulary.Spelling == TokenSpelling.SentencePiece ? parts.Vocabulary.IdOrNull("<s>") : null);
        int? eos = (isBert || isEncoder ? separator : null) ?? SpecialId(header, "eos_token_id")
            ?? (parts.Vocabulary.Spelling == TokenSpelling.SentencePiece ? parts.Vocabulary.IdOrNull("</s>") : null);
        bool addsBos = header.GetBool("tokenizer.ggml.add_bos_token", addsBosByDefault || isEncoder);
        bool addsEos = header.GetBool(
            "tokenizer.ggml.add_eos_token", isEncoder || header.GetString("tokenizer.ggml.model") is "bert" or "t5");
        return new Tokenizer(parts with
        {
            AddedTokens = AddedTokens(parts.Vocabulary),
            Prefix = addsBos && bos is int first ? [first] : [],
            Suffix = addsEos && eos is int last ? [last] : [],
            Pair = Pair(header, isBert, bos, eos, separator),
            BosId = bos,
            PadId = SpecialId(header, "padding_token_id"),
            EosIds = TurnMarkers.Endings(
                parts.Vocabulary,
                ((int?[])[eos, SpecialId(header, "eot_token_id"), SpecialId(header, "eom_token_id")]).OfType<int>()),
            ChatTemplates = ChatTemplates(header),
            SpecialTokens = SpecialTokens(header, parts.Vocabulary, bos, eos),
            Notes = [.. GgufSpecialIds.Faults(header)],
        });
    }

    /// <summary>
    /// Encoders read two texts between their ends: BERT in two segments, XLM-RoBERTa in one with two tokens between, ModernBERT with one.
    /// </summary>
    private static PairTemplate? Pair(GgufHeader header, bool isBert, int? bos, int? eos, int? separator) =>
        isBert && eos is int end ? PairTemplate.Of(bos, [end], end, secondSegment: 1)
        : header.GetString("tokenizer.ggml.model") is "t5" && bos is not null && eos is int last
            ? PairTemplate.Of(bos, [last, separator ?? last], last, secondSegment: 0)
        : Encoder(header) is { } family && bos is not null && eos is int closing
            ? PairTemplate.Of(bos, family.Position == PositionKind.Learned ? [closing, closing] : [closing], closing, secondSegment: 0)
        : null;

    private static GgufFamily? Encoder(GgufHeader header) =>
        GgufFamilies.Find(header.GetString("general.architecture", null) ?? "") is { IsEncoder: true } family ? family : null;

    /// <summary>The key <c>tokenizer.chat_template</c>, and the named ones below it.</summary>
    private static Dictionary<string, string> ChatTemplates(GgufHeader header)
    {
        const string Key = "tokenizer.chat_template";
        Dictionary<string, string> templates = new(StringComparer.Ordinal);
        if (header.GetString(Key, null) is { } template)
        {
            templates["default"] = template;
        }

        foreach (string key in header.Metadata.Keys.Where(key => key.StartsWith(Key + ".", StringComparison.Ordinal)))
        {
            templates.TryAdd(key[(Key.Length + 1)..], header.GetString(key));
        }

        return templates;
    }

    /// <summary>A file that names no token of a kind gives templates an empty text for the two that nearly all of them use.</summary>
    private static Dictionary<string, string> SpecialTokens(GgufHeader header, Vocabulary vocabulary, int? bos, int? eos)
    {
        Dictionary<string, string> tokens = new(StringComparer.Ordinal)
        {
            ["bos_token"] = bos is int first ? vocabulary.Texts[first] : "",
            ["eos_token"] = eos is int last ? vocabulary.Texts[last] : "",
        };
        foreach ((string name, string key) in (ReadOnlySpan<(string, string)>)
        [
            ("unk_token", "unknown_token_id"), ("sep_token", "seperator_token_id" /* as the format spells it */),
                ("pad_token", "padding_token_id"),
            ("cls_token", "cls_token_id"), ("mask_token", "mask_token_id"),
        ])
        {
            if (SpecialId(header, key) is int id)
            {
                tokens[name] = vocabulary.Texts[id];
            }
        }

        return tokens;
    }

    private static Vocabulary ReadVocabulary(GgufHeader header, TokenSpelling spelling)
    {
        string[] texts = header.Metadata.GetValueOrDefault("tokenizer.ggml.tokens")?.AsStrings()
            ?? throw new InferometerException($"{header.Source}: 'tokenizer.ggml.tokens' is missing or not an array of strings.");
        var kinds = new TokenKind[texts.Length];
        Array.Fill(kinds, TokenKind.Normal);
        if (header.Metadata.TryGetValue("tokenizer.ggml.token_type", out GgufValue? types))
        {
            long[]? values = types.AsInt64s();
            if (values is null || values.Length != texts.Length || values.AsSpan().ContainsAnyExceptInRange(0, (long)TokenKind.Byte))
            {
                throw new InferometerException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{header.Source}: 'tokenizer.ggml.token_type' must be one kind from 0 to 6 for each of the {texts.Length} tokens."));
            }

            for (int id = 0; id < kinds.Length; id++)
            {
                kinds[id] = values[id] == 0 ? TokenKind.Normal : (TokenKind)values[id];
            }
        }

        MarkControl(header, texts, kinds);
        return new Vocabulary(texts, kinds, spelling, header.Source);
    }

    /// <summary>
    /// Turn markers, and tokens the file itself names as begin or end, are control tokens whatever their type says: as ordinary text a
    /// marker would neither be found in a chat template's text nor end the answer.
    /// </summary>
    private static void MarkControl(GgufHeader header, string[] texts, TokenKind[] kinds)
    {
        for (int id = 0; id < texts.Length; id++)
        {
            kinds[id] = TurnMarkers.IsKnown(texts[id]) ? TokenKind.Control : kinds[id];
        }

        foreach (string name in (ReadOnlySpan<string>)["bos_token_id", "eos_token_id", "eot_token_id", "eom_token_id"])
        {
            if (SpecialId(header, name) is int id && TurnMarkers.LooksLikeOne(texts[id]))
            {
                kinds[id] = TokenKind.Control;
            }
        }
    }

    private static List<AddedToken> AddedTokens(Vocabulary vocabulary)
    {
        List<AddedToken> added = [];
        for (int id = 0; id < vocabulary.Size; id++)
        {
            if (vocabulary.Kinds[id] is TokenKind.Control or TokenKind.Unknown or TokenKind.UserDefined)
            {
                added.Add(new AddedToken(vocabulary.Texts[id], id, IsSpecial: vocabulary.Kinds[id] != TokenKind.UserDefined));
            }
        }

        return added;
    }

    // Gemma 4: merges of characters, with bytes for those that the vocabulary lacks; nothing stands in front of a text.
    private static Tokenizer LoadCharacterMerges(GgufHeader header)
    {
        Vocabulary vocabulary = ReadVocabulary(header, TokenSpelling.SentencePiece);
        int? unknown = SpecialId(header, "unknown_token_id") ?? FirstOfKind(vocabulary, TokenKind.Unknown);
        return Create(header, addsBosByDefault: true, new TokenizerParts
        {
            Vocabulary = vocabulary,
            Model = new CharacterMergeModel(
                vocabulary, ReadMerges(header, vocabulary), new MissingCharacterRules(unknown, ByteFallback: true, FuseUnknown: true),
                ignoreMerges: false),
            Normalizer = [new ReplaceStep(" ", "\u2581")],
            UnknownId = unknown,
        });
    }

    private static MergeTable ReadMerges(GgufHeader header, Vocabulary vocabulary)
    {
        string[] written = header.Metadata.GetValueOrDefault("tokenizer.ggml.merges")?.AsStrings()
            ?? throw new InferometerException($"{header.Source}: 'tokenizer.ggml.merges' is missing or not an array of strings.");
        return new MergeTable(vocabulary, [.. written.Select((merge, rank) => MergeText.Parse(merge, rank, header.Source))]);
    }

    private static int? SpecialId(GgufHeader header, string name) => GgufSpecialIds.Find(header, name);

    private static int? FirstOfKind(Vocabulary vocabulary, TokenKind kind) =>
        Array.IndexOf(vocabulary.Kinds, kind) is >= 0 and int id ? id : null;
}
