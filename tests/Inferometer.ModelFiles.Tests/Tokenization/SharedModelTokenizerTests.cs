using System.Text.Json;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Tests;

namespace Inferometer.ModelFiles.Tests.Tokenization;

/// <summary>The tokenizers of two trained models, each from both of its files, against the tokens recorded with the model.</summary>
public sealed class SharedModelTokenizerTests
{
    public static TheoryData<string, string> Sources => new()
    {
        { "tales-5m", "" },
        { "tales-5m", "tales-5m-f16.gguf" },
        { "stories260k", "" },
        { "stories260k", "stories260k-f32.gguf" },
    };

    [Theory]
    [MemberData(nameof(Sources))]
    public void Prompts_encode_to_the_reference_tokens(string model, string file)
    {
        Tokenizer tokenizer = Load(model, file);
        using JsonDocument reference = Reference(model);
        foreach (JsonElement example in reference.RootElement.GetProperty("cases").EnumerateArray())
        {
            int[] expected = Ids(example.GetProperty("prompt_ids"));
            Assert.Equal(expected, tokenizer.Encode(example.GetProperty("prompt").GetString()!));
        }
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Generated_tokens_decode_to_the_reference_text(string model, string file)
    {
        Tokenizer tokenizer = Load(model, file);
        using JsonDocument reference = Reference(model);
        foreach (JsonElement example in reference.RootElement.GetProperty("cases").EnumerateArray())
        {
            string expected = example.GetProperty("text").GetString()!;

            // One record was written as a text of its own, the other as the continuation it is.
            bool isContinuation = expected.StartsWith(' ');
            Assert.Equal(expected, tokenizer.Decode(Ids(example.GetProperty("greedy_ids")), isContinuation: isContinuation));
        }
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Special_tokens_are_found(string model, string file)
    {
        Tokenizer tokenizer = Load(model, file);
        Assert.Equal(1, tokenizer.BosId);
        Assert.Equal([2], tokenizer.EosIds);
        Assert.True(tokenizer.AddsBos);
        Assert.True(tokenizer.IsControl(0));
        Assert.True(tokenizer.IsControl(1));
        Assert.False(tokenizer.IsControl(3));
        Assert.True(tokenizer.IsEndOfGeneration(2));
    }

    [Fact]
    public void Both_files_of_a_model_agree_on_long_text_and_give_it_back()
    {
        Tokenizer folder = Load("tales-5m", "");
        Tokenizer gguf = Load("tales-5m", "tales-5m-q8_0.gguf");
        string text = File.ReadAllText(SharedFolder.Require("models/tales-5m/heldout.txt"));
        int[] fromFolder = folder.Encode(text);
        Assert.Equal(fromFolder, gguf.Encode(text));
        Assert.Equal(text, folder.Decode(fromFolder));
        Assert.Equal(text, gguf.Decode(fromFolder));
    }

    [Theory]
    [InlineData("stories260k", "stories260k-f32.gguf")]
    [InlineData("tales-5m", "tales-5m-f16.gguf")]
    public void Both_files_of_a_model_agree_on_odd_text(string model, string file)
    {
        Tokenizer folder = Load(model, "");
        Tokenizer gguf = Load(model, file);
        foreach (string text in (string[])["", " ", "  two  spaces ", "\n\n\ttab", "日本語 и 😀", "e\u0301\u200d", "<s>", "a</s>b<s>c", "▁▁ x"])
        {
            Assert.Equal(folder.Encode(text), gguf.Encode(text));
            Assert.Equal(folder.Encode(text, parseSpecial: true), gguf.Encode(text, parseSpecial: true));
        }
    }

    private static Tokenizer Load(string model, string file)
    {
        string path = SharedFolder.Require($"models/{model}/{file}");
        return file.Length == 0 ? HuggingFaceTokenizer.Load(path) : GgufTokenizer.Load(GgufHeader.Read(path));
    }

    private static JsonDocument Reference(string model) =>
        JsonDocument.Parse(File.ReadAllText(SharedFolder.Require($"models/{model}/reference.json")));

    private static int[] Ids(JsonElement element) => [.. element.EnumerateArray().Select(id => id.GetInt32())];
}
