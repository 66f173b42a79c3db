using FsCheck;
using FsCheck.Fluent;
using Inferometer.Inference.Sampling;

namespace Inferometer.Inference.Tests.Sampling;

public sealed class StopStringMatcherTests
{
    [Fact]
    public void A_stop_string_across_pieces_ends_the_text_before_it()
    {
        StopStringMatcher matcher = new(["\n\nUser:"]);
        Assert.Equal("Hello.", matcher.Append("Hello.\n"));
        Assert.Equal("", matcher.Append("\nUs"));
        Assert.Equal("", matcher.Append("er: hi"));
        Assert.True(matcher.IsStopped);
        Assert.Equal("", matcher.Flush());
    }

    [Fact]
    public void What_only_began_like_a_stop_string_is_given_out_after_all()
    {
        StopStringMatcher matcher = new(["END", "stop"]);
        Assert.Equal("the ", matcher.Append("the E"));
        Assert.Equal("ENGLISH ", matcher.Append("NGLISH sto"));
        Assert.Equal("sto", matcher.Flush());
        Assert.False(matcher.IsStopped);
    }

    [Fact]
    public void However_the_text_is_cut_the_result_is_the_text_up_to_the_first_stop()
    {
        Arbitrary<(int[] Letters, int Cut)> cases = Gen.ArrayOf(Gen.Choose(0, 2)).Zip(Gen.Choose(1, 4), (l, c) => (l, c)).ToArbitrary();
        Prop.ForAll(cases, c =>
        {
            string text = string.Concat(c.Letters.Select(l => (char)('a' + l)));
            string[] stops = ["abca", "cc", "bab"];
            StopStringMatcher matcher = new(stops);
            string output = string.Concat(text.Chunk(c.Cut).Select(piece => matcher.Append(new string(piece)))) + matcher.Flush();
            int[] ends = [.. stops.Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0)];

            // Cut into pieces, the stop that is complete first wins, which may begin later than a longer one.
            Assert.Equal(ends.Length > 0, matcher.IsStopped);
            Assert.StartsWith(output, text, StringComparison.Ordinal);
            Assert.True(ends.Length == 0 ? output.Length == text.Length : ends.Contains(output.Length));
        }).QuickCheckThrowOnFailure();
    }
}
