using Inferometer.Core;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization;

public sealed class GgufTokenizerTests
{
    private static readonly string[] ByteTokens =
        [.. Enumerable.Range(0, 256).Select(value => ByteAlphabet.ToCharacter((byte)value).ToString())];

    [Fact]
    public void A_byte_level_tokenizer_takes_its_rules_from_the_named_pre_tokenizer()
    {
        Tokenizer llama3 = GgufTokenizer.Load(ByteLevel("llama-bpe").Read());
        Assert.True(llama3.AddsBos);
        Assert.Equal([256, 259], llama3.Encode("abc")); // a whole word wins over the merges
        Tokenizer qwen2 = GgufTokenizer.Load(ByteLevel("qwen2").Read());
        Assert.False(qwen2.AddsBos);
        Assert.Equal([258, 'c'], qwen2.Encode("abc"));
    }

    [Fact]
    public void Every_token_that_ends_a_turn_ends_a_generation()
    {
        Tokenizer tokenizer = GgufTokenizer.Load(ByteLevel("llama-bpe").Add("tokenizer.chat_template", "{{ x }}").Read());
        Assert.Equal([257, 260], tokenizer.EosIds); // the named end token, and <|eot_id|> by its text
        Assert.Equal("{{ x }}", tokenizer.ChatTemplateText);
    }

    [Fact]
    public void Flags_of_the_file_decide_about_added_tokens()
    {
        Assert.Equal(['x'], GgufTokenizer.Load(ByteLevel("llama-bpe").Add("tokenizer.ggml.add_bos_token", false).Read()).Encode("x"));
        Assert.Equal(
            [256, 'x', 257], GgufTokenizer.Load(ByteLevel("llama-bpe").Add("tokenizer.ggml.add_eos_token", true).Read()).Encode("x"));
    }

    [Fact]
    public void A_sentence_piece_tokenizer_puts_a_space_first_unless_told_otherwise()
    {
        Assert.Equal([1, 5], GgufTokenizer.Load(SentencePiece().Read()).Encode("a"));
        Assert.Equal([1, 4], GgufTokenizer.Load(SentencePiece().Add("tokenizer.ggml.add_space_prefix", false).Read()).Encode("a"));
    }

    [Fact]
    public void Without_scores_the_first_pair_is_joined_and_wrong_ones_are_refused()
    {
        GgufMetadataBytes Plain() => new GgufMetadataBytes().Add("tokenizer.ggml.model", "llama")
            .Add("tokenizer.ggml.tokens", "<unk>", "a", "b", "c", "ab", "bc")
            .Add("tokenizer.ggml.token_type", 2, 1, 1, 1, 1, 1)
            .Add("tokenizer.ggml.add_space_prefix", false)
            .Add("tokenizer.ggml.add_bos_token", false);
        Assert.Equal([4, 3], GgufTokenizer.Load(Plain().Read()).Encode("abc"));
        AssertRefused(Plain().Add("tokenizer.ggml.scores", "high"), "'tokenizer.ggml.scores' is not an array of 32-bit floats");
    }

    [Fact]
    public void Faulty_metadata_is_refused_in_one_line()
    {
        AssertRefused(new GgufMetadataBytes(), "tokenizer.ggml.model");
        AssertRefused(new GgufMetadataBytes().Add("tokenizer.ggml.model", "rwkv"), "'rwkv' is not supported");
        AssertRefused(new GgufMetadataBytes().Add("tokenizer.ggml.model", "gpt2"), "tokenizer.ggml.tokens");
        AssertRefused(ByteLevel("qwen3000"), "'qwen3000' is not supported");
        AssertRefused(
            new GgufMetadataBytes().Add("tokenizer.ggml.model", "llama").Add("tokenizer.ggml.tokens", "a", "b")
                .Add("tokenizer.ggml.scores", 1f), "1 token scores for 2 tokens");
        AssertRefused(
            new GgufMetadataBytes().Add("tokenizer.ggml.model", "llama").Add("tokenizer.ggml.tokens", "a", "b")
                .Add("tokenizer.ggml.token_type", 1, 99), "token_type");
    }

    private static void AssertRefused(GgufMetadataBytes file, string part)
    {
        string message = Assert.Throws<InferometerException>(() => GgufTokenizer.Load(file.Read())).Message;
        Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains("test.gguf", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Form_c_is_applied_where_the_file_asks_for_it()
    {
        Assert.Equal(['e', 0xCC, 0x81], GgufTokenizer.Load(Composing(false).Read()).Encode("e\u0301"));
        Assert.Equal([0xC3, 0xA9], GgufTokenizer.Load(Composing(true).Read()).Encode("e\u0301"));

        static GgufMetadataBytes Composing(bool composes) => new GgufMetadataBytes()
            .Add("tokenizer.ggml.model", "gpt2")
            .Add("tokenizer.ggml.pre", "qwen2")
            .Add("tokenizer.ggml.tokens", ByteTokens)
            .Add("tokenizer.ggml.merges", Array.Empty<string>())
            .Add("tokenizer.ggml.normalizer.nfc", composes);
    }

    internal static GgufMetadataBytes ByteLevel(string pre)
    {
        int[] kinds = [.. Enumerable.Repeat((int)TokenKind.Normal, 261)];
        kinds[256] = kinds[257] = kinds[260] = (int)TokenKind.Control;
        return new GgufMetadataBytes()
            .Add("tokenizer.ggml.model", "gpt2")
            .Add("tokenizer.ggml.pre", pre)
            .Add("tokenizer.ggml.tokens", [.. ByteTokens, "<begin>", "<end>", "ab", "abc", "<|eot_id|>"])
            .Add("tokenizer.ggml.token_type", kinds)
            .Add("tokenizer.ggml.merges", (string[])["a b"])
            .Add("tokenizer.ggml.bos_token_id", 256u)
            .Add("tokenizer.ggml.eos_token_id", 257u);
    }

    private static GgufMetadataBytes SentencePiece() => new GgufMetadataBytes()
        .Add("tokenizer.ggml.model", "llama")
        .Add("tokenizer.ggml.tokens", "<unk>", "<s>", "</s>", "\u2581", "a", "\u2581a")
        .Add("tokenizer.ggml.scores", 0f, 0f, 0f, -3f, -2f, -1f)
        .Add("tokenizer.ggml.token_type", 2, 3, 3, 1, 1, 1)
        .Add("tokenizer.ggml.bos_token_id", 1u)
        .Add("tokenizer.ggml.eos_token_id", 2u);
}
