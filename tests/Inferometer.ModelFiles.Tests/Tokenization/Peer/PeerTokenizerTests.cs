using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.ReferenceModels;
using Inferometer.Tests;
using Microsoft.ML.Tokenizers;
using Tokenizer = Inferometer.ModelFiles.Tokenization.Tokenizer;

namespace Inferometer.ModelFiles.Tests.Tokenization.Peer;

/// <summary>
/// Tokens beside those of Microsoft.ML.Tokenizers, which shares no code with the engine. Where the two differ, the semantics of Hugging
/// Face's tokenizers and of SentencePiece decide, and the test says who follows them.
/// </summary>
public sealed class PeerTokenizerTests
{
    private static readonly string[] s_texts =
    [
        "", " ", "  ", "   x", "x   ", "\t\t x\n\n y\r\n", "Once upon a time there were 365 days.", "it's they'll WE'D don't",
            "1234567 12,345.67", "中文句子日本語の文章",
        "😀😀😃 👨‍👩‍👧‍👦 🏳️‍🌈", "e\u0301 é\u200d\ufeff", "\u00a0\u2003\u3000 x", "\0\u0001\u001f\u007f\u0085", "a▁b▁▁c",
            "if (x == 1) { return x+1; }", "ﬁ ﷺ İ ß ẞ", "שלום नमस्ते 한국어",
    ];

    public static TheoryData<string> Patterns =>
        [PreTokenizerPatterns.Gpt2, PreTokenizers.Get("llama-bpe", "test").Patterns[0], PreTokenizers.Get("qwen2", "test").Patterns[0]];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Byte_level_tokens_are_those_of_the_peer(string pattern)
    {
        (Tokenizer own, BpeTokenizer peer) = Create(pattern);
        foreach (string text in s_texts)
        {
            Compare(own, peer, text);
        }

        Prop.ForAll(AnyText.Valid, text => Compare(own, peer, Parted(text))).QuickCheckThrowOnFailure();
        Prop.ForAll(Prose, text => Compare(own, peer, Parted(text))).QuickCheckThrowOnFailure();
    }

    /// <summary>
    /// The peer runs patterns over units of UTF-16: a letter or digit beyond the first plane is none to it, and one unit of a pair is not
    /// the one character that may stand before a word. Hugging Face's patterns run over characters, as the engine's do.
    /// </summary>
    [Theory]
    [InlineData(PreTokenizerPatterns.Gpt2, "x𝑥")]
    [InlineData(PreTokenizerPatterns.Gpt2, "中𠀀")]
    [InlineData(PreTokenizerPatterns.Gpt2, "1𝟏")]
    [InlineData(PreTokenizerPatterns.Llama3, "😀the")]
    public void Characters_beyond_the_first_plane_part_the_two(string pattern, string text)
    {
        (Tokenizer own, BpeTokenizer peer) = Create(pattern);

        // The vocabulary has a token for each of these words, which a pattern that parts them keeps out of reach.
        Assert.Equal(
            [own.TokenText(Assert.Single(own.Encode(text, addSpecial: false)))],
            [string.Concat(peer.EncodeToIds(text).Select(own.TokenText))], StringComparer.Ordinal);
        Assert.True(peer.EncodeToIds(text).Count > 1);
    }

    [Fact]
    public void Sentence_piece_tokens_are_those_of_the_peer()
    {
        GgufHeader header = GgufHeader.Read(SharedFolder.Require("models/tales-5m/tales-5m-q8_0.gguf"));
        Tokenizer own = GgufTokenizer.Load(header);
        using MemoryStream file = new(SentencePieceFile.Of(header));
        SentencePieceTokenizer peer = LlamaTokenizer.Create(file, addBeginOfSentence: false, addEndOfSentence: false);
        void Same(string text) => Assert.Equal(peer.EncodeToIds(WithoutRuns(text)), own.Encode(WithoutRuns(text), addSpecial: false));
        foreach (string text in s_texts)
        {
            Same(text);
        }

        Prop.ForAll(AnyText.Valid, Same).QuickCheckThrowOnFailure();
        Prop.ForAll(Prose, Same).QuickCheckThrowOnFailure();

        // Of equal pairs that overlap, SentencePiece and Hugging Face join the first; the peer another.
        Assert.Equal(["▁", "....", ".."], own.Encode("......", addSpecial: false).Select(own.TokenText));
        Assert.Equal(["▁", "..", "...."], peer.EncodeToIds("......").Select(own.TokenText));
    }

    private static Arbitrary<string> Prose { get; } = Gen.Elements(
            "the", "The", " there", "  ", " ", "\n", "\t", "12", "2024", "it's", "'ll", "don't", "é", "über", "привет", "中文", "日本語", "😀",
                "👨‍👩‍👧", "!", "...", " {", "x+1")
        .ArrayOf().Select(string.Concat).ToArbitrary();

    private static void Compare(Tokenizer own, BpeTokenizer peer, string text)
    {
        IReadOnlyList<int> expected = peer.EncodeToIds(text);
        int[] actual = own.Encode(text, addSpecial: false);
        string runes = string.Join(' ', text.EnumerateRunes().Select(rune => rune.Value.ToString("X4", null)));
        Assert.True(
            expected.SequenceEqual(actual),
            $"'{text}' ({runes}): {string.Join(' ', expected)}; own {string.Join(' ', actual)}");
    }

    /// <summary>
    /// The text without what parts the two: letters and digits beyond the first plane become an x, and after all else from there a word
    /// cannot begin.
    /// </summary>
    private static string Parted(string text) => string.Concat(text.EnumerateRunes().Select(rune =>
        rune.IsBmp ? rune.ToString() : Rune.IsLetterOrDigit(rune) ? "x" : rune + "!"));

    /// <summary>Of three and more equal pieces in a row, two stay.</summary>
    private static string WithoutRuns(string text)
    {
        string shorter = Regex
            .Replace(
                text, @"(?<piece>.{1,4}?)\k<piece>{2,}", "${piece}${piece}", RegexOptions.Singleline | RegexOptions.ExplicitCapture,
                TimeSpan.FromSeconds(10));
        return shorter.Length == text.Length ? text : WithoutRuns(shorter);
    }

    private static (Tokenizer Own, BpeTokenizer Peer) Create(string pattern)
    {
        TrainedVocabulary trained = new(pattern);
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("tokenizer.json"), trained.ToJson());
        BpeOptions options = new(trained.Ids)
        {
            Merges = trained.Merges,
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(new Regex(pattern, RegexOptions.None, TimeSpan.FromSeconds(10)), specialTokens: null),
        };
        return (HuggingFaceTokenizer.Load(folder.Path), BpeTokenizer.Create(options));
    }
}
