using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization;

/// <summary>The tokenizer of Gemma 4's GGUF files: merges of characters over a text whose spaces are marked, and bytes.</summary>
public sealed class GemmaFileTokenizerTests
{
    private static Tokenizer Load() => GgufTokenizer.Load(new GgufMetadataBytes()
        .Add("general.architecture", "gemma4")
        .Add("tokenizer.ggml.model", "gemma4")
        .Add("tokenizer.ggml.tokens", "<unk>", "<bos>", "\u2581", "a", "b", "\u2581a", "ab", "<0xC3>", "<0xA9>", "\n")
        .Add("tokenizer.ggml.token_type", 2, 3, 1, 1, 1, 1, 1, 6, 6, 1)
        .Add("tokenizer.ggml.merges", "\u2581 a", "a b")
        .Add("tokenizer.ggml.bos_token_id", 1u)
        .Add("tokenizer.ggml.unknown_token_id", 0u)
        .Add("tokenizer.ggml.add_bos_token", true)
        .Add("tokenizer.ggml.add_space_prefix", false)
        .Read());

    [Theory]
    [InlineData("ab", new[] { 1, 6 })]
    [InlineData("a ab", new[] { 1, 3, 5, 4 })] // the space's merge comes first
    [InlineData("\u00e9", new[] { 1, 7, 8 })]
    [InlineData("a\nb", new[] { 1, 3, 9, 4 })]
    public void Text_becomes_the_tokens_of_its_merges(string text, int[] expected)
    {
        Tokenizer tokenizer = Load();
        Assert.Equal(expected, tokenizer.Encode(text));
        Assert.Equal(text, tokenizer.Decode(expected.AsSpan(1).ToArray()));
    }
}
