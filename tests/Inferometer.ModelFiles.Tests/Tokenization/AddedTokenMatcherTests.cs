using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization;

public sealed class AddedTokenMatcherTests
{
    [Fact]
    public void The_leftmost_then_longest_token_is_found()
    {
        AddedTokenMatcher matcher = new([new("<a>", 1, true), new("<a><b>", 2, true), new("b>", 3, true)]);
        AddedToken? found = matcher.Find("x<a><b>", 0, parseSpecial: true, out int start, out int end);
        Assert.Equal((2, 1, 7), (found?.Id, start, end));
        found = matcher.Find("x<a><c>", 0, parseSpecial: true, out start, out end);
        Assert.Equal((1, 1, 4), (found?.Id, start, end));
    }

    [Fact]
    public void A_special_token_is_passed_over_for_the_ordinary_one_inside_it()
    {
        AddedTokenMatcher matcher = new([new("<a>!", 1, true), new("<a>", 2, false)]);
        AddedToken? found = matcher.Find("<a>!", 0, parseSpecial: false, out _, out int end);
        Assert.Equal((2, 3), (found?.Id, end));
    }

    [Fact]
    public void White_space_belongs_to_tokens_that_take_it()
    {
        AddedTokenMatcher matcher = new([new("<l>", 1, true, TakesSpaceBefore: true), new("<r>", 2, true, TakesSpaceAfter: true)]);
        matcher.Find("a \n<l> b", 0, parseSpecial: true, out int start, out int end);
        Assert.Equal((1, 6), (start, end));
        matcher.Find("a <r> \tb", 0, parseSpecial: true, out start, out end);
        Assert.Equal((2, 7), (start, end));
    }

    [Fact]
    public void A_word_token_is_found_only_by_itself()
    {
        AddedTokenMatcher matcher = new([new("cat", 1, false, IsWord: true)]);
        Assert.Null(matcher.Find("concat cats _cat", 0, parseSpecial: true, out _, out _));
        Assert.NotNull(matcher.Find("a cat.", 0, parseSpecial: true, out int start, out _));
        Assert.Equal(2, start);
    }

    [Fact]
    public void Without_tokens_nothing_is_found() =>
        Assert.Null(new AddedTokenMatcher([]).Find("abc", 0, parseSpecial: true, out _, out _));
}
