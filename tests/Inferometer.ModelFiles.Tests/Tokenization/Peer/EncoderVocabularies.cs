using System.Text.Json.Nodes;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization.Peer;

/// <summary>Vocabularies in the manner of T5, XLM-RoBERTa and BERT, made of words and their parts, with seeded scores.</summary>
internal static class EncoderVocabularies
{
    private const string Words =
        "the The there their they and a an in on of to is was were time once upon there days ing ed er tion don't it's 365 12 2024 über "
            + "préfet ça garçon привет мир 中文 日本語 한국어 नमस्ते שלום x+1 ... !! ( ) { } = , . ' \" - _";

    /// <summary>What the tables of replacements hold: wide and half-wide forms, ligatures, marks, blanks, things left out.</summary>
    public static IReadOnlyDictionary<string, string> Replacements { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["ﬁ"] = "fi",
        ["ﬀ"] = "ff",
        ["①"] = "1",
        ["㍿"] = "株式会社",
        ["\u00a0"] = " ",
        ["\u2003"] = " ",
        ["\u3000"] = " ",
        ["\t"] = " ",
        ["\n"] = " ",
        ["\r"] = " ",
        ["e\u0301"] = "é",
        ["u\u0308"] = "ü",
        ["ﾊ"] = "ハ",
        ["ﾊ\uff9f"] = "パ",
        ["Ａ"] = "A",
        ["\u200b"] = " ",
        ["\u00ad"] = "",
        ["\u0001"] = "",
        ["𝐀"] = "A",
    };

    /// <summary>Texts that are hard on all of them.</summary>
    public static string[] Texts { get; } =
    [
        "", " ", "  ", "   x", "x   ", "\t\t x\n\n y\r\n", "Once upon a time there were 365 days.", "it's they'll WE'D don't",
        "1234567 12,345.67", "中文句子日本語の文章 한국어", "😀😀😃 👨‍👩‍👧‍👦 🏳️‍🌈", "e\u0301 é\u200d\ufeff ﬀ\u0301 ﾊ\uff9fﾊ",
        "\u00a0\u2003\u3000 x", "\u0001\u001f\u007f\u0085",
        "a▁b▁▁c", "if (x == 1) { return x+1; }", "ﬁ ﷺ İ ß ẞ", "שלום नमस्ते", "x\u00ady u\u0308ber Über ÇA garc\u0327on", "ΣΊΣΥΦΟΣ Ｆｕｌｌ",
        "𝐀𝐁 𠀀中 \ufaee\ufdd5", "antidisestablishmentarianism " + new string('a', 101),
    ];

    /// <summary>Pieces of a unigram model with scores that f32 holds, and kinds as in SentencePiece; three special ones first.</summary>
    public static (string[] Texts, float[] Scores, long[] Kinds) Unigrams(bool hasBytes)
    {
        List<(string Text, int Kind)> pieces = [("<unk>", 2), ("<s>", 3), ("</s>", 3)];
        if (hasBytes)
        {
            pieces.AddRange(Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", 6)));
        }

        Random random = new(11);
        HashSet<string> seen = [];
        foreach (string word in Words.Split(' '))
        {
            seen.Add("▁" + word);
            for (int start = 0; start < word.Length; start++)
            {
                // Byte vocabularies lack some of the characters, others have all.
                seen.Add(word[start..(start + 1)]);
                seen.Add(word[start..(start + random.Next(1, word.Length - start + 1))]);
            }
        }

        seen.UnionWith(["▁", "fi", "株", "1", "パ"]);
        pieces.AddRange(seen.Order(StringComparer.Ordinal).Select(text => (text, 1)));
        float[] scores = [.. pieces.Select(piece => piece.Kind == 1 ? -3 - (random.NextSingle() * piece.Text.Length * 4) : 0)];
        return ([.. pieces.Select(piece => piece.Text)], scores, [.. pieces.Select(piece => (long)piece.Kind)]);
    }

    /// <summary>A <c>tokenizer.json</c> around a unigram model.</summary>
    public static JsonObject UnigramJson(bool hasBytes, string normalizer, string preTokenizer)
    {
        (string[] texts, float[] scores, long[] kinds) = Unigrams(hasBytes);
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = Added(texts.Where((_, id) => kinds[id] is 2 or 3)),
            ["normalizer"] = JsonNode.Parse(normalizer.Replace(
                "MAP", Convert.ToBase64String(CharacterMapBytes.Of(Replacements)), StringComparison.Ordinal)),
            ["pre_tokenizer"] = JsonNode.Parse(preTokenizer),
            ["model"] = new JsonObject
            {
                ["type"] = "Unigram",
                ["unk_id"] = 0,
                ["vocab"] = new JsonArray([.. texts.Select((text, id) => (JsonNode)new JsonArray(text, (double)scores[id]))]),
                ["byte_fallback"] = hasBytes,
            },
        };
    }

    /// <summary>A vocabulary of BERT's kind.</summary>
    public static string[] WordPieces()
    {
        List<string> pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        HashSet<string> seen = [];
        foreach (string word in CanonicalComposition.Decompose(Words + " prefet ca garcon uber ς σ α").Split(' '))
        {
            seen.UnionWith([word, .. word.Select(c => c.ToString()), .. word.Select(c => "##" + c)]);
            seen.UnionWith(Enumerable.Range(0, word.Length).Select(start => "##" + word[start..]));
        }

        return [.. pieces, .. seen.Order(StringComparer.Ordinal)];
    }

    /// <summary>A <c>tokenizer.json</c> around it.</summary>
    public static JsonObject WordPieceJson(bool lowercase, bool? stripsAccents)
    {
        string[] pieces = WordPieces();
        JsonObject vocabulary = [];
        for (int id = 0; id < pieces.Length; id++)
        {
            vocabulary[pieces[id]] = id;
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = Added(pieces.Take(5)),
            ["normalizer"] = new JsonObject
            {
                ["type"] = "BertNormalizer",
                ["clean_text"] = true,
                ["handle_chinese_chars"] = true,
                ["strip_accents"] = stripsAccents,
                ["lowercase"] = lowercase,
            },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["post_processor"] = JsonNode.Parse("""{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]}"""),
            ["model"] = new JsonObject
            {
                ["type"] = "WordPiece",
                ["unk_token"] = "[UNK]",
                ["continuing_subword_prefix"] = "##",
                ["max_input_chars_per_word"] = 100,
                ["vocab"] = vocabulary,
            },
        };
    }

    private static JsonArray Added(IEnumerable<string> texts) => new(
    [
        .. texts.Select((text, id) => (JsonNode)new JsonObject
        {
            ["id"] = id,
            ["content"] = text,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = true,
        }),
    ]);
}
