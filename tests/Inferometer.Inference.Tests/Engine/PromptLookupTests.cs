using Inferometer.Inference.Engine;

namespace Inferometer.Inference.Tests.Engine;

public sealed class PromptLookupTests
{
    [Theory]
    [InlineData(new[] { 1, 2, 3, 4, 1, 2 }, new[] { 3, 4, 1 })]
    [InlineData(new[] { 7, 2, 8, 1, 2, 9, 1, 2 }, new[] { 9, 1, 2 })]
    [InlineData(new[] { 5, 5 }, new[] { 5 })]
    [InlineData(new[] { 1, 2, 3 }, new int[0])]
    [InlineData(new[] { 1 }, new int[0])]
    public void Drafts_are_what_followed_the_longest_latest_match(int[] tokens, int[] expected) =>
        Assert.Equal(expected, PromptLookup.Find(tokens, maxMatch: 3, maxDraft: 3).ToArray());
}
