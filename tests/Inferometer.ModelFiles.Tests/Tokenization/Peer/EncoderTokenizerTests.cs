using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Inferometer.ModelFiles.Tokenization;
using Microsoft.ML.Tokenizers;
using HuggingFace = Tokenizers.DotNet.Tokenizer;
using Tokenizer = Inferometer.ModelFiles.Tokenization.Tokenizer;

namespace Inferometer.ModelFiles.Tests.Tokenization.Peer;

/// <summary>
/// Unigram models and WordPiece beside Hugging Face's own library (tokenizers, in Rust) where a <c>tokenizer.json</c> is read, and beside
/// Microsoft.ML.Tokenizers where a GGUF file is.
/// </summary>
public sealed class EncoderTokenizerTests : IDisposable
{
    private const string Map = """{"type":"Precompiled","precompiled_charsmap":"MAP"}""";

    private const string Metaspace = """{"type":"Metaspace","replacement":"▁","add_prefix_space":true,"prepend_scheme":"always"}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("encoder-").FullName;

    public static TheoryData<bool, string, string> UnigramFiles
    {
        get
        {
            TheoryData<bool, string, string> data = [];
            foreach (bool hasBytes in (ReadOnlySpan<bool>)[false, true])
            {
                // As converted in 2020, in 2022 and today.
                data.Add(hasBytes, Map, $$"""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{{Metaspace}}]}""");
                data.Add(hasBytes, $$"""{"type":"Sequence","normalizers":[{{Map}},{{Blanks(" ")}}]}""", Metaspace);
                data.Add(
                    hasBytes,
                    $$"""{"type":"Sequence","normalizers":[{{Map}},{"type":"Strip","strip_left":false,"strip_right":true},{{Blanks("▁")}}]}""",
                    Metaspace);
            }

            return data;

            static string Blanks(string content) =>
                $$"""{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"{{content}}"}""";
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(UnigramFiles))]
    public void Unigrams_of_a_folder_are_those_of_hugging_face(bool hasBytes, string normalizer, string preTokenizer) =>
        CompareWithHuggingFace(EncoderVocabularies.UnigramJson(hasBytes, normalizer, preTokenizer));

    [Theory]
    [InlineData(true, null)]
    [InlineData(true, false)]
    [InlineData(false, null)]
    [InlineData(false, true)]
    public void Word_pieces_of_a_folder_are_those_of_hugging_face(bool lowercase, bool? stripsAccents) =>
        CompareWithHuggingFace(EncoderVocabularies.WordPieceJson(lowercase, stripsAccents));

    [Fact]
    public void Unigrams_of_a_gguf_file_are_those_of_sentence_piece()
    {
        (Tokenizer own, SentencePieceTokenizer peer) = Unigrams(hasBytes: false);

        // SentencePiece makes one unknown token of neighbouring characters without a token, as own does; the peer one of each.
        void Same(string text)
        {
            int[] expected = [.. peer.EncodeToIds(text)];
            Check(text, [.. expected.Where((id, at) => id != 0 || at == 0 || expected[at - 1] != 0)], own.Encode(text, addSpecial: false));
        }

        Compare(Same);
        Assert.Equal([0, 0], peer.EncodeToIds("WW").Skip(1));
        Assert.Equal([0], own.Encode("WW", addSpecial: false).Skip(1));
    }

    /// <summary>The peer counts the 256 bytes from the last of their tokens instead of the first.</summary>
    [Fact]
    public void Bytes_of_unigrams_part_the_two()
    {
        (Tokenizer own, SentencePieceTokenizer peer) = Unigrams(hasBytes: true);
        Assert.True(own.TryGetId("<0x57>", out int expected));
        Assert.Equal(expected, own.Encode("W", addSpecial: false)[^1]);
        Assert.Equal(expected + 255, peer.EncodeToIds("W")[^1]);
    }

    /// <summary>As the tokenizer.json of DeepSeek Coder cuts text, which GGUF files name and do not hold.</summary>
    [Fact]
    public void Deepseek_coder_is_cut_as_its_folder_says()
    {
        TrainedVocabulary trained = new(@"[\s\S]{1,9}");
        string Split(string pattern) =>
            $$"""{"type":"Split","pattern":{"Regex":"{{pattern}}"},"behavior":"Isolated","invert":false}""";
        JsonObject json = new()
        {
            ["version"] = "1.0",
            ["pre_tokenizer"] = JsonNode.Parse($$"""
                {"type":"Sequence","pretokenizers":[{{Split(@"[\\r\\n]")}},{{Split(@"\\s?\\p{L}+")}},{{Split(@"\\s?\\p{P}+")}},
                {{Split("[一-龥ࠀ-一가-퟿]+")}},{"type":"Digits","individual_digits":true},
                {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = new JsonObject([.. trained.Ids.Select(token => KeyValuePair.Create(token.Key, (JsonNode?)token.Value))]),
                ["merges"] = new JsonArray([.. trained.Merges.Select(merge => (JsonNode)merge)]),
            },
        };
        Tokenizer gguf = GgufTokenizer.Load(new GgufMetadataBytes().Add("tokenizer.ggml.model", "gpt2")
            .Add("tokenizer.ggml.pre", "deepseek-coder")
            .Add("tokenizer.ggml.tokens", [.. trained.Ids.OrderBy(token => token.Value).Select(token => token.Key)])
            .Add("tokenizer.ggml.merges", [.. trained.Merges]).Read());
        CompareWithHuggingFace(json);
        Tokenizer folder = HuggingFaceTokenizer.Load(_folder);
        Compare(text => Check(text, folder.Encode(text), gguf.Encode(text, addSpecial: false)));
    }

    [Fact]
    public void Word_pieces_of_a_gguf_file_are_those_of_the_folder()
    {
        Tokenizer folder = Load(EncoderVocabularies.WordPieceJson(lowercase: true, stripsAccents: null));
        string[] phantom =
        [
            .. EncoderVocabularies.WordPieces().Select(text => text is ['[', .., ']'] ? text
                : text.StartsWith("##", StringComparison.Ordinal) ? text[2..] : "▁" + text),
        ];
        Tokenizer own = GgufTokenizer.Load(new GgufMetadataBytes().Add("tokenizer.ggml.model", "bert")
            .Add("tokenizer.ggml.tokens", phantom)
            .Add("tokenizer.ggml.token_type", [.. phantom.Select((_, id) => id < 5 ? 3 : 1)])
            .Add("tokenizer.ggml.unknown_token_id", 1u).Add("tokenizer.ggml.cls_token_id", 2u)
            .Add("tokenizer.ggml.seperator_token_id", 3u).Add("tokenizer.ggml.normalizer.lowercase", true).Read());
        Compare(text => Check(text, folder.Encode(text), own.Encode(text)));
        Assert.Equal(folder.EncodePair("the time", "once").Ids, own.EncodePair("the time", "once").Ids);
        Assert.Equal(folder.EncodePair("the time", "once").Segments, own.EncodePair("the time", "once").Segments);
        Assert.Equal(" there their", own.Decode(own.Encode("there their"), isContinuation: true));
        Assert.Equal("there their", folder.Decode(folder.Encode("there their")));
    }

    [Fact]
    public void A_pair_is_cut_at_its_second_text_first()
    {
        Tokenizer own = Load(EncoderVocabularies.WordPieceJson(lowercase: true, stripsAccents: null));
        TokenizedPair whole = own.EncodePair("the time", "once upon a");
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1], whole.Segments);
        Assert.Equal((2, 3, 3), (whole.Ids[0], whole.Ids[3], whole.Ids[^1]));
        TokenizedPair cut = own.EncodePair("the time", "once upon a", longest: 6);
        Assert.Equal([.. whole.Ids[..5], 3], cut.Ids);
        Assert.Equal([2, whole.Ids[1], 3, 3], own.EncodePair("the time", "once upon a", longest: 4).Ids);
    }

    [Theory]
    [InlineData("AAAA")]
    [InlineData("/////w==")]
    public void A_damaged_table_of_replacements_is_refused(string map) =>
        Assert.Contains("precompiled_charsmap", Assert.Throws<Core.InferometerException>(() => Load(EncoderVocabularies.UnigramJson(
            hasBytes: false, $$"""{"type":"Precompiled","precompiled_charsmap":"{{map}}"}""", Metaspace))).Message, StringComparison.Ordinal);

    private static (Tokenizer Own, SentencePieceTokenizer Peer) Unigrams(bool hasBytes)
    {
        (string[] texts, float[] scores, long[] kinds) = EncoderVocabularies.Unigrams(hasBytes);

        // What is to be left out the peer keeps; SentencePiece and own leave it out.
        byte[] map = CharacterMapBytes.Of(EncoderVocabularies.Replacements.Where(entry => entry.Value.Length > 0)
            .ToDictionary(StringComparer.Ordinal));
        Tokenizer own = GgufTokenizer.Load(new GgufMetadataBytes().Add("tokenizer.ggml.model", "t5")
            .Add("tokenizer.ggml.tokens", texts).Add("tokenizer.ggml.scores", scores)
            .Add("tokenizer.ggml.token_type", [.. kinds.Select(kind => (int)kind)])
            .Add("tokenizer.ggml.precompiled_charsmap", [.. map.Select(value => (int)value)])
            .Add("tokenizer.ggml.remove_extra_whitespaces", true).Read());
        using MemoryStream file = new(SentencePieceFile.OfUnigrams(texts, scores, kinds, hasBytes, map));
        return (own, SentencePieceTokenizer.Create(file, addBeginningOfSentence: false, addEndOfSentence: false));
    }

    private void CompareWithHuggingFace(JsonObject json)
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture
                is Architecture.X64, "the package holds Hugging Face's library for Linux on x64 alone");
        Tokenizer own = Load(json);
        using HuggingFace peer = new(vocabPath: Path.Combine(_folder, "tokenizer.json"));
        Compare(text => Check(text, [.. peer.Encode(text).Select(id => (int)id)], own.Encode(text, parseSpecial: true)));
    }

    private Tokenizer Load(JsonObject json)
    {
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), json.ToJsonString());
        return HuggingFaceTokenizer.Load(_folder);
    }

    // Zero ends a text on the way into a library in another language.
    private static void Compare(Action<string> same)
    {
        foreach (string text in EncoderVocabularies.Texts)
        {
            same(text);
        }

        Prop.ForAll(AnyText.Valid, text => same(text.Replace("\0", "", StringComparison.Ordinal))).QuickCheckThrowOnFailure();
        Prop.ForAll(Prose, same).QuickCheckThrowOnFailure();
    }

    private static Arbitrary<string> Prose { get; } = Gen.Elements(
            "the", "The", " there", "  ", " ", "\n", "\t", "12", "2024", "it's", "'ll", "don't", "é", "über", "привет", "中文", "日本語", "😀",
            "ﬁ", "①", "ﾊ\uff9f", "e\u0301", "ﬀ\u0301", "\u00a0", "!", "...", " {", "x+1", "<s>", "[SEP]")
        .ArrayOf().Select(string.Concat).ToArbitrary();

    private static void Check(string text, IReadOnlyList<int> expected, int[] actual)
    {
        string runes = string.Join(' ', text.EnumerateRunes().Select(rune => rune.Value.ToString("X4", null)));
        Assert.True(
            expected.SequenceEqual(actual),
            $"'{text}' ({runes}): {string.Join(' ', expected)}; own {string.Join(' ', actual)}");
    }
}
