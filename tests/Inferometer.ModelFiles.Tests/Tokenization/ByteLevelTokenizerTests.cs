using FsCheck;
using FsCheck.Fluent;
using Inferometer.Core;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization;

public sealed class ByteLevelTokenizerTests
{
    private static readonly Tokenizer Small = Handmade.ByteLevel(["h e", "l l", "he ll", "hell o", "Ġ w", "o r"]);

    [Fact]
    public void Merges_are_made_in_the_order_of_their_ranks()
    {
        // h e l l o: he (259), ll (260), hell (261), hello (262). Ġ w o r l d: Ġw (263), or (264), l, d.
        Assert.Equal([262, 263, 264, 'l', 'd'], Small.Encode("hello world", addSpecial: false));
        Assert.Equal(['a', 261], Handmade.ByteLevel(["x y", "y z", "b c"]).Encode("abc", addSpecial: false));
        Assert.Equal([259, 'c'], Handmade.ByteLevel(["a b", "b c"]).Encode("abc", addSpecial: false));
        Assert.Equal(['a', 259], Handmade.ByteLevel(["b c", "a b"]).Encode("abc", addSpecial: false));
    }

    [Fact]
    public void Equal_merges_are_made_from_the_left() =>
        Assert.Equal([259, 'a'], Handmade.ByteLevel(["a a"]).Encode("aaa", addSpecial: false));

    [Fact]
    public void A_whole_word_wins_only_where_merges_are_ignored()
    {
        Assert.Equal([259, 'c'], Handmade.ByteLevel(["a b"], words: ["abc"]).Encode("abc", addSpecial: false));
        Assert.Equal([260], Handmade.ByteLevel(["a b"], words: ["abc"], ignoreMerges: true).Encode("abc", addSpecial: false));
        Assert.Equal(['x', 259], Handmade.ByteLevel(["a b"], words: ["abc"], ignoreMerges: true).Encode("xab", addSpecial: false));
    }

    [Fact]
    public void Characters_without_a_merge_become_their_bytes() =>
        Assert.Equal([0xF0, 0x9F, 0x98, 0x80, 0xC3, 0xA9], Small.Encode("😀é", addSpecial: false));

    [Fact]
    public void Special_tokens_are_added_and_parsed_only_on_request()
    {
        Assert.Equal([256, 'a'], Small.Encode("a"));
        Assert.Equal(['a', 257, 'b'], Small.Encode("a<eos>b", addSpecial: false, parseSpecial: true));
        Assert.Equal(['a', '<', 'e', 'o', 's', '>', 'b'], Small.Encode("a<eos>b", addSpecial: false));
        Assert.Equal([256], Small.Encode(""));
    }

    [Fact]
    public void User_defined_tokens_are_always_matched()
    {
        Assert.Equal(['a', 258, 'b'], Small.Encode("a<tool>b", addSpecial: false));
        Assert.Equal("a<tool>b", Small.Decode(['a', 258, 'b']));
    }

    [Fact]
    public void Control_tokens_are_printed_only_on_request()
    {
        Assert.Equal("ab", Small.Decode([256, 'a', 257, 'b']));
        Assert.Equal("<bos>a<eos>b", Small.Decode([256, 'a', 257, 'b'], includeControl: true));
    }

    [Theory]
    [InlineData("gpt-2", false)]
    [InlineData("llama-bpe", true)]
    [InlineData("qwen2", false)]
    [InlineData("tekken", true)]
    [InlineData("deepseek-v3", false)]
    [InlineData("falcon", false)]
    public void Any_text_comes_back(string pre, bool ignoreMerges)
    {
        Tokenizer tokenizer = Handmade.ByteLevel(["e r", "Ġ t", "à ¤", "ð Ł", "ðŁ ĺ", "Ġ Ġ"], pre: pre, ignoreMerges: ignoreMerges);
        Prop.ForAll(AnyText.Valid, text => string.Equals(text, tokenizer.Decode(tokenizer.Encode(text)), StringComparison.Ordinal))
            .QuickCheckThrowOnFailure();
        Prop.ForAll(
            AnyText.WithUnpairedSurrogates, text =>
                string.Equals(AnyText.Repaired(text), tokenizer.Decode(tokenizer.Encode(text)), StringComparison.Ordinal))
                    .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_long_run_without_spaces_is_merged_like_a_short_one()
    {
        Tokenizer tokenizer = Handmade.ByteLevel(["a a", "aa aa"]);
        int[] ids = tokenizer.Encode(new string('a', 400_000), addSpecial: false);
        Assert.Equal(100_000, ids.Length);
        Assert.All(ids, id => Assert.Equal(260, id));
    }

    [Fact]
    public void Ids_outside_the_vocabulary_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Small.Decode([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Small.Decode([Small.VocabularySize]));
    }

    [Fact]
    public void A_merge_of_unknown_tokens_is_refused() =>
        Assert.Throws<InferometerException>(() => new MergeTable(
            new Vocabulary(["a", "b"], [TokenKind.Normal, TokenKind.Normal], TokenSpelling.ByteLevel, "handmade"), [("a", "b")]));
}
