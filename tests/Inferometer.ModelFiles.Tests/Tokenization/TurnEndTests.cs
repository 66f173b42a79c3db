using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.ReferenceModels;
using Inferometer.Tests;

namespace Inferometer.ModelFiles.Tests.Tokenization;

/// <summary>
/// Where an answer ends and what stands around a text: the vocabulary, the tokenizer and the template are asked one by one.
/// </summary>
public sealed class TurnEndTests
{
    private const string ChatMl =
        "{% for m in messages %}{{'<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n'}}{% endfor %}";

    private const string Glm = "{% for m in messages %}{{'<|' + m.role + '|>\\n' + m.content}}{% endfor %}";

    private static readonly string[] Bytes =
        [.. Enumerable.Range(0, 256).Select(value => ByteAlphabet.ToCharacter((byte)value).ToString())];

    [Theory]
    [InlineData(TokenKind.Normal)]
    [InlineData(TokenKind.Control)]
    [InlineData(TokenKind.UserDefined)]
    [InlineData(TokenKind.Unused)]
    public void A_known_marker_ends_a_turn_whatever_its_type(TokenKind kind)
    {
        Tokenizer tokenizer = Load([("<|endoftext|>", TokenKind.Control), ("<|im_end|>", kind)], eos: 256);
        Assert.Equal([256, 257], tokenizer.EosIds);
        Assert.True(tokenizer.IsControl(257));
        Assert.Equal([257], tokenizer.Encode("<|im_end|>", parseSpecial: true));
        Assert.DoesNotContain(257, tokenizer.Encode("<|im_end|>")); // what a user writes is text
    }

    [Fact]
    public void Spellings_that_markup_has_too_end_a_turn_only_as_control_tokens()
    {
        Assert.Equal([257], Load([("</s>", TokenKind.Normal), ("<eos>", TokenKind.Control)]).EosIds);
        Assert.Equal([256], Load([("</s>", TokenKind.Control), ("<eos>", TokenKind.UserDefined)]).EosIds);
    }

    [Fact]
    public void The_end_of_a_message_is_no_end_of_a_turn_where_others_are()
    {
        (string, TokenKind)[] harmony =
            [("<|return|>", TokenKind.Control), ("<|end|>", TokenKind.Control), ("<|call|>", TokenKind.Control)];
        Assert.Equal([256, 258], Load(harmony).EosIds);
        Assert.Equal([256], Load([harmony[1]]).EosIds);
    }

    [Theory]
    [InlineData(TokenKind.Control)]
    [InlineData(TokenKind.UserDefined)]
    [InlineData(TokenKind.Normal)]
    public void What_the_template_writes_after_an_answer_ends_one(TokenKind kind)
    {
        using TemporaryFolder folder = new();
        string template = ChatMl.Replace("<|im_end|>", "[over]", StringComparison.Ordinal);
        using Checkpoint checkpoint = Open(folder, [("<|endoftext|>", TokenKind.Control), ("[over]", kind)], template);
        Assert.Equal([256, 257], checkpoint.Tokenizer.EosIds);
        Assert.True(checkpoint.Tokenizer.IsEndOfGeneration(257));
        Assert.Equal([257], ChatTemplate.For(checkpoint.Tokenizer).EndTokens);
        Assert.Equal(257, checkpoint.Tokenizer.Encode("x[over]", parseSpecial: true)[^1]);
    }

    [Fact]
    public void A_template_that_closes_no_turn_ends_one_with_the_beginning_of_the_next()
    {
        using TemporaryFolder folder = new();
        using Checkpoint checkpoint = Open(folder, [("<|user|>", TokenKind.Control), ("<|assistant|>", TokenKind.Control)], Glm);
        Assert.Equal([256], checkpoint.Tokenizer.EosIds);
    }

    [Fact]
    public void Of_two_endings_the_one_of_the_last_answer_counts()
    {
        Tokenizer tokenizer = Load([("<|return|>", TokenKind.Control), ("<|end|>", TokenKind.Control)]);
        ChatTemplate harmony = ChatTemplate.Parse(
            "{% for m in messages %}{{ m.content }}{{ '<|return|>' if loop.last else '<|end|>' }}{% endfor %}", "test", tokenizer);
        Assert.Equal([256], harmony.EndTokens);
    }

    [Fact]
    public void Words_after_an_answer_are_no_marker_and_a_template_that_refuses_shows_nothing()
    {
        Tokenizer tokenizer = Load([("USER:", TokenKind.UserDefined), ("<|im_end|>", TokenKind.Control)]);
        Assert.Empty(Parse("{% for m in messages %}{{ m.role|upper + ':' + m.content }} {% endfor %}").EndTokens);
        Assert.Empty(Parse("{{ raise_exception('no') }}").EndTokens);

        // One that wants the last turn to be a user's is asked again with such a one.
        Assert.Equal([257], Parse("{% if messages[-1].role != 'user' %}{{ raise_exception('no') }}{% endif %}" + ChatMl).EndTokens);

        ChatTemplate Parse(string source) => ChatTemplate.Parse(source, "test", tokenizer);
    }

    [Fact]
    public void Whether_the_template_begins_the_text_is_told_apart_from_whether_the_tokenizer_does()
    {
        Tokenizer tokenizer = GgufTokenizer.Load(GgufTokenizerTests.ByteLevel("qwen2").Read());
        Assert.Equal(256, tokenizer.BosId);
        Assert.False(tokenizer.AddsBos);
        Assert.True(ChatTemplate.Parse("{{ bos_token + messages[0].content }}", "test", tokenizer).WritesBos);
        Assert.False(ChatTemplate.Parse("{{ messages[0].content + bos_token }}", "test", tokenizer).WritesBos);
    }

    [Fact]
    public void A_text_to_continue_never_ends_in_an_end_token()
    {
        GgufMetadataBytes file = GgufTokenizerTests.ByteLevel("llama-bpe").Add("tokenizer.ggml.add_eos_token", true);
        Tokenizer tokenizer = GgufTokenizer.Load(file.Read());
        Assert.True(tokenizer.AddsEos);
        Assert.Equal([256, 'x', 257], tokenizer.Encode("x"));
        Assert.Equal([256, 'x'], tokenizer.EncodePrompt("x"));
        Assert.Equal(['x'], tokenizer.EncodePrompt("x", addSpecial: false));
    }

    [Theory]
    [InlineData("padding_token_id")]
    [InlineData("eot_token_id")]
    [InlineData("mask_token_id")]
    [InlineData("bos_token_id")]
    public void An_id_that_is_no_token_is_left_out_with_one_note(string name)
    {
        Tokenizer tokenizer = GgufTokenizer.Load(
            Metadata([("<|im_end|>", TokenKind.Control)]).Add("tokenizer.ggml." + name, 5000u).Read());
        Assert.Equal([256], tokenizer.EosIds);
        string note = Assert.Single(tokenizer.Notes);
        Assert.Contains($"'tokenizer.ggml.{name}' is 5000", note, StringComparison.Ordinal);
        Assert.Contains("vocabulary of 257 tokens", note, StringComparison.Ordinal);
        Assert.Empty(Load([("<|im_end|>", TokenKind.Control)]).Notes);
    }

    [Fact]
    public void Places_without_a_token_stand_for_no_text()
    {
        Tokenizer tokenizer = Load([("[PAD256]", TokenKind.Unused), ("<|im_end|>", TokenKind.Control), ("[PAD258]", TokenKind.Unused)]);
        Assert.Equal((259, 258), (tokenizer.VocabularySize, tokenizer.UsedSize));
        Assert.Equal("ab", tokenizer.Decode(['a', 256, 258, 'b']));
        Tokenizer filled = tokenizer.FilledTo(264);
        Assert.Equal((264, 258), (filled.VocabularySize, filled.UsedSize));
        Assert.Equal("ab", filled.Decode(['a', 263, 'b']));
        Assert.Same(tokenizer, tokenizer.FilledTo(200));
    }

    [Fact]
    public void Further_ends_of_a_folder_survive_the_conversion()
    {
        string source = SharedFolder.Require("cases/generation_config_topk/model");
        using TemporaryFolder folder = new();
        foreach (string file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, folder.File(Path.GetFileName(file)));
            File.SetAttributes(folder.File(Path.GetFileName(file)), FileAttributes.Normal);
        }

        File.WriteAllText(folder.File("generation_config.json"), """{"eos_token_id": [258, 65, 66]}""");
        string converted = folder.File("new.gguf");
        ModelConverter.Convert(folder.Path, converted, GgmlType.F16, cancellationToken: TestContext.Current.CancellationToken);
        using Checkpoint before = Checkpoint.Open(folder.Path), after = Checkpoint.Open(converted);
        Assert.Equal([258, 65, 66, 256], before.Tokenizer.EosIds);
        Assert.Equal(before.Tokenizer.EosIds, after.Tokenizer.EosIds);
    }

    private static Checkpoint Open(TemporaryFolder folder, (string Text, TokenKind Kind)[] tokens, string template)
    {
        GgufMetadataBytes file = Metadata(tokens).Add("general.architecture", "llama").Add("tokenizer.chat_template", template);
        return Checkpoint.Open(folder.Write("model.gguf", file.Bytes()));
    }

    private static Tokenizer Load((string Text, TokenKind Kind)[] tokens, uint? eos = null)
    {
        GgufMetadataBytes file = Metadata(tokens);
        return GgufTokenizer.Load((eos is { } id ? file.Add("tokenizer.ggml.eos_token_id", id) : file).Read());
    }

    private static GgufMetadataBytes Metadata((string Text, TokenKind Kind)[] tokens) => new GgufMetadataBytes()
        .Add("tokenizer.ggml.model", "gpt2")
        .Add("tokenizer.ggml.pre", "qwen2")
        .Add("tokenizer.ggml.tokens", [.. Bytes, .. tokens.Select(token => token.Text)])
        .Add("tokenizer.ggml.token_type", [.. Enumerable.Repeat((int)TokenKind.Normal, 256), .. tokens.Select(token => (int)token.Kind)])
        .Add("tokenizer.ggml.merges", (string[])[]);
}
