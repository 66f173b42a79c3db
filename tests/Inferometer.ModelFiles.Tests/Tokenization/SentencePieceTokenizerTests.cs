using FsCheck;
using FsCheck.Fluent;
using Inferometer.Core;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization;

public sealed class SentencePieceTokenizerTests
{
    private const int FirstPiece = 259;

    [Fact]
    public void The_piece_with_the_highest_score_is_merged_first()
    {
        // ab has -1, bc has -0.5: b joins c before it could join a.
        Tokenizer tokenizer = Handmade.SentencePiece(false, ("a", -9), ("b", -9), ("c", -9), ("ab", -1), ("bc", -0.5f));
        Assert.Equal([FirstPiece, FirstPiece + 4], tokenizer.Encode("abc", addSpecial: false));
    }

    [Fact]
    public void Among_equal_scores_the_leftmost_pair_is_merged()
    {
        Tokenizer tokenizer = Handmade.SentencePiece(false, ("a", -9), ("b", -9), ("aa", -1), ("ab", -1));
        Assert.Equal([FirstPiece + 2, FirstPiece], tokenizer.Encode("aaa", addSpecial: false));
        Assert.Equal([FirstPiece + 2, FirstPiece + 1], tokenizer.Encode("aab", addSpecial: false));
    }

    [Fact]
    public void A_character_that_is_no_piece_may_be_part_of_one()
    {
        Tokenizer tokenizer = Handmade.SentencePiece(false, ("u", -9), ("qu", -1));
        Assert.Equal([FirstPiece + 1], tokenizer.Encode("qu", addSpecial: false));
        Assert.Equal([3 + 'q'], tokenizer.Encode("q", addSpecial: false));
    }

    [Fact]
    public void Missing_characters_become_bytes()
    {
        Tokenizer tokenizer = Handmade.SentencePiece(false, ("a", -1));
        Assert.Equal([FirstPiece, 3 + 0xF0, 3 + 0x9F, 3 + 0x98, 3 + 0x80], tokenizer.Encode("a😀", addSpecial: false));
        Assert.Equal("a😀", tokenizer.Decode([FirstPiece, 3 + 0xF0, 3 + 0x9F, 3 + 0x98, 3 + 0x80]));
    }

    [Fact]
    public void A_space_is_put_before_each_fragment_and_dropped_from_a_whole_text()
    {
        Tokenizer tokenizer = Handmade.SentencePiece(true, ("\u2581", -1), ("a", -1), ("\u2581a", -0.5f));
        int spaceA = FirstPiece + 2;
        Assert.Equal([1, spaceA], tokenizer.Encode("a"));
        Assert.Equal([1, FirstPiece, spaceA], tokenizer.Encode(" a"));
        Assert.Equal([spaceA, 2, spaceA], tokenizer.Encode("a</s>a", addSpecial: false, parseSpecial: true));
        Assert.Equal("a", tokenizer.Decode([1, spaceA]));
        Assert.Equal(" a", tokenizer.Decode([spaceA], isContinuation: true));
        Assert.Equal("a a", tokenizer.Decode([spaceA, spaceA]));
    }

    [Fact]
    public void The_written_form_of_control_and_byte_tokens_is_ordinary_text()
    {
        Tokenizer tokenizer = Handmade.SentencePiece(false, ("a", -1));
        Assert.DoesNotContain(2, tokenizer.Encode("</s>", addSpecial: false));
        Assert.Equal(6, tokenizer.Encode("<0x41>", addSpecial: false).Length);
    }

    [Fact]
    public void Any_text_without_the_space_symbol_comes_back()
    {
        Tokenizer tokenizer =
            Handmade.SentencePiece(true, ("\u2581", -1), ("e", -1), ("\u2581e", -0.5f), ("日", -2), ("日本", -0.1f), ("\u2581\u2581", -3));
        Prop.ForAll(AnyText.Valid, text =>
        {
            // U+2581 is how these vocabularies write a space, and reads as one.
            string expected = text.Replace('\u2581', ' ');
            return string.Equals(expected, tokenizer.Decode(tokenizer.Encode(text)), StringComparison.Ordinal);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_long_run_without_spaces_is_merged_like_a_short_one()
    {
        Tokenizer tokenizer = Handmade.SentencePiece(true, ("a", -9), ("aa", -2), ("aaaa", -1), ("\u2581", -9));
        int[] ids = tokenizer.Encode(new string('a', 400_000), addSpecial: false);
        Assert.Equal(100_001, ids.Length);
        Assert.All(ids[1..], id => Assert.Equal(FirstPiece + 2, id));
    }

    [Fact]
    public void Scores_must_be_finite_and_as_many_as_tokens()
    {
        var vocabulary = new Vocabulary(["a"], [TokenKind.Normal], TokenSpelling.SentencePiece, "handmade");
        Assert.Throws<InferometerException>(() => new ScoredPieceModel(vocabulary, [], null));
        Assert.Throws<InferometerException>(() => new ScoredPieceModel(vocabulary, [float.NaN], null));
    }
}
