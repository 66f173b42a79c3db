namespace Inferometer.Core.Tests;

public sealed class NameSuggestionTests
{
    [Theory]
    [InlineData("lama-3", "Llama-3-8B", "CodeLlama-34b", "gpt-oss-20b")]
    [InlineData("h10", "H100_SXM", "A10", "RTX_4090")]
    [InlineData("prefil", "prefill", "prefix_caching", "decode")]
    [InlineData("tensor_paralel", "tensor_parallel", "data_parallel")]
    public void The_nearest_name_comes_first(string wrong, string right, params string[] others) =>
        Assert.StartsWith($" Did you mean '{right}'", NameSuggestion.For(wrong, [.. others, right]), StringComparison.Ordinal);

    [Theory]
    [InlineData("xyzzy")]
    [InlineData("")]
    [InlineData("--")]
    public void Nothing_near_gives_no_sentence(string wrong) => Assert.Empty(NameSuggestion.For(wrong, ["prefill", "decode"]));
}
