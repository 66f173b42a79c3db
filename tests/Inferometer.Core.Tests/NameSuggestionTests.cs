namespace Inferometer.Core.Tests;

public sealed class NameSuggestionTests
{
    [Theory]
    [InlineData("lama-3", "Llama-3-8B", "CodeLlama-34b", "gpt-oss-20b")]
    [InlineData("h10", "H100_SXM", "A10", "RTX_4090")]
    [InlineData("prefil", "prefill", "prefix_caching", "decode")]
    [InlineData("tensor_paralel", "tensor_parallel", "data_parallel")]
    [InlineData("rtx-6000-pro", "RTX_PRO_6000", "RTX_6000_ADA", "RTX_4090")]
    public void The_nearest_name_comes_first(string wrong, string right, params string[] others) =>
        Assert.StartsWith($" Did you mean '{right}'", NameSuggestion.For(wrong, [.. others, right]), StringComparison.Ordinal);

    [Fact]
    public void A_long_list_begins_with_the_nearest_and_says_how_many_more_there_are()
    {
        string[] known = [.. Enumerable.Range(0, 30).Select(i => $"figure_{i}"), "ttft_ms", "tpot_ms"];
        Assert.Equal("tpot_ms, ttft_ms and 30 more", NameSuggestion.List("tpot", known, 2));
        Assert.Equal("a, b", NameSuggestion.List("x", ["a", "b"], 2));
    }

    [Theory]
    [InlineData("xyzzy")]
    [InlineData("")]
    [InlineData("--")]
    public void Nothing_near_gives_no_sentence(string wrong) => Assert.Empty(NameSuggestion.For(wrong, ["prefill", "decode"]));
}
