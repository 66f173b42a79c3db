using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.ReferenceModels;
using Inferometer.Tests;

namespace Inferometer.ModelFiles.Tests.Conversion;

public sealed class ModelConverterTests
{
    [Theory]
    [InlineData("tales-5m", "tales-5m-f16.gguf", GgmlType.F16)]
    [InlineData("stories260k", "stories260k-f32.gguf", GgmlType.F32)]
    public void A_hugging_face_folder_becomes_the_gguf_file_made_by_other_means(string folder, string reference, GgmlType type)
    {
        using TemporaryFolder temporary = new();
        string output = Path.Combine(temporary.Path, "out.gguf");
        ConversionResult result = ModelConverter.Convert(
            SharedFolder.Require("models/" + folder), output, type, cancellationToken: TestContext.Current.CancellationToken);
        using GgufModelFile made = GgufModelFile.Open(output);
        using GgufModelFile given = GgufModelFile.Open(SharedFolder.Require($"models/{folder}/{reference}"));

        Assert.Empty(result.Notes);
        Assert.Equal(given.Tensors.Count, made.Tensors.Count);
        Assert.Equal(result.FileBytes, new FileInfo(output).Length);
        foreach (ModelTensor expected in given.Tensors)
        {
            Assert.True(made.TryGetTensor(expected.Name, out ModelTensor? actual), expected.Name);
            Assert.Equal((expected.Type, expected.Shape), (actual.Type, actual.Shape));
            Assert.True(expected.Bytes(0, (int)expected.ByteCount).SequenceEqual(actual.Bytes(0, (int)actual.ByteCount)), expected.Name);
        }

        foreach ((string key, GgufValue expected) in given.Header.Metadata.Where(
            entry => entry.Key is not ("general.alignment" or "general.license")))
        {
            Assert.True(made.Header.Metadata.TryGetValue(key, out GgufValue? actual), key);
            Assert.Equal(expected.Kind, actual.Kind);
            Assert.Equal(expected.ToString(), actual.ToString());
            Assert.Equal(expected.AsStrings(), actual.AsStrings());
            Assert.Equal(expected.AsDoubles(), actual.AsDoubles());
        }
    }

    [Fact]
    public void All_chat_templates_of_a_folder_go_into_the_file()
    {
        using TemporaryFolder temporary = new();
        string output = Path.Combine(temporary.Path, "out.gguf");
        foreach (string file in Directory.GetFiles(SharedFolder.Require("models/stories260k"))
            .Where(file => !file.EndsWith(".gguf", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(temporary.Path, Path.GetFileName(file)));
        }

        File.WriteAllText(Path.Combine(temporary.Path, "chat_template.jinja"), "{{ messages }}");
        Directory.CreateDirectory(Path.Combine(temporary.Path, "additional_chat_templates"));
        File.WriteAllText(Path.Combine(temporary.Path, "additional_chat_templates", "tool_use.jinja"), "{{ tools }}");
        ModelConverter.Convert(temporary.Path, output, GgmlType.F32, cancellationToken: TestContext.Current.CancellationToken);
        var header = GgufHeader.Read(output);
        Assert.Equal(["tool_use"], header.Metadata["tokenizer.chat_templates"].AsStrings()!);
        IReadOnlyDictionary<string, string> templates = GgufTokenizer.Load(header).ChatTemplates;
        Assert.Equal(("{{ messages }}", "{{ tools }}"), (templates["default"], templates["tool_use"]));
    }

    [Fact]
    public void Rows_that_do_not_fill_blocks_fall_back_and_are_named()
    {
        using TemporaryFolder temporary = new();
        string output = Path.Combine(temporary.Path, "out.gguf");
        ConversionResult result = ModelConverter.Convert(
            SharedFolder.Require("models/tales-5m/tales-5m-f16.gguf"), output, GgmlType.Q4_K,
                cancellationToken: TestContext.Current.CancellationToken);
        using GgufModelFile made = GgufModelFile.Open(output);

        Assert.True(made.TryGetTensor("blk.0.ffn_down.weight", out ModelTensor? down)); // rows of 704 = 2.75 blocks
        Assert.Equal(GgmlType.Q5_0, down.Type);
        Assert.True(made.TryGetTensor("token_embd.weight", out ModelTensor? head)); // tied: the output head too
        Assert.Equal(GgmlType.Q6_K, head.Type);
        Assert.Equal(7, result.Notes.Count);
        Assert.Contains(
            result.Notes, note => note.Contains("'blk.0.ffn_down.weight' is stored as Q5_0 instead of Q4_K", StringComparison.Ordinal));
        Assert.Equal(14, made.Header.GetInt64("general.file_type"));
    }

    [Fact]
    public void Quantising_twice_is_said()
    {
        using TemporaryFolder temporary = new();
        string first = Path.Combine(temporary.Path, "a.gguf"), second = Path.Combine(temporary.Path, "b.gguf");
        SyntheticModel.Write(first, Tiny, GgmlType.Q8_0, 1, cancellationToken: TestContext.Current.CancellationToken);
        ConversionResult result =
            ModelConverter.Convert(first, second, GgmlType.Q4_0, cancellationToken: TestContext.Current.CancellationToken);
        Assert.All(result.Notes, note => Assert.Contains("already quantised as Q8_0", note, StringComparison.Ordinal));
        Assert.Equal(9, result.Notes.Count);
        Assert.Empty(ModelConverter.Convert(first, second, GgmlType.Q8_0, cancellationToken: TestContext.Current.CancellationToken).Notes);
    }

    [Fact]
    public void A_cancelled_or_failed_conversion_leaves_nothing_behind()
    {
        using TemporaryFolder temporary = new();
        string input = Path.Combine(temporary.Path, "a.gguf"), output = Path.Combine(temporary.Path, "b.gguf");
        SyntheticModel.Write(input, Tiny, GgmlType.F32, 1, cancellationToken: TestContext.Current.CancellationToken);
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(
            () => ModelConverter.Convert(input, output, GgmlType.F16, cancellationToken: cancelled.Token));

        byte[] bytes = File.ReadAllBytes(input);
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 64), float.NaN);
        File.WriteAllBytes(input, bytes);
        InferometerException error = Assert.Throws<InferometerException>(() => ModelConverter.Convert(
            input, output, GgmlType.Q8_0, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("'output.weight'", error.Message, StringComparison.Ordinal);
        Assert.Equal([input], Directory.GetFiles(temporary.Path));
    }

    [Fact]
    public void The_source_is_never_overwritten()
    {
        string path = SharedFolder.Require("models/stories260k/stories260k-f16.gguf");
        Assert.Throws<InferometerException>(() => ModelConverter.Convert(
            path, path, GgmlType.F16, cancellationToken: TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("Q8_0", GgmlType.Q8_0)]
    [InlineData("q4_k", GgmlType.Q4_K)]
    [InlineData("f16", GgmlType.F16)]
    public void Formats_are_named_as_users_write_them(string text, GgmlType type) => Assert.Equal(type, ModelConverter.ParseType(text));

    [Fact]
    public void An_unknown_format_is_answered_with_the_known_ones() =>
        Assert.Contains(
            "q4_0", Assert.Throws<InferometerException>(() => ModelConverter.ParseType("q3_x")).Message, StringComparison.Ordinal);

    private static SyntheticShape Tiny => new()
    {
        HiddenSize = 64,
        Layers = 1,
        Heads = 4,
        KvHeads = 2,
        FeedForwardSize = 96,
        VocabularySize = 300,
        ContextTokens = 64,
    };
}
