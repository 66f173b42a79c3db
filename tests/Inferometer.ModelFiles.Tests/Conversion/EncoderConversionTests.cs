using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ModelFiles.Generation;
using Inferometer.ModelFiles.Tests.Tokenization;
using Inferometer.ModelFiles.Tests.Tokenization.Peer;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.ReferenceModels;

namespace Inferometer.ModelFiles.Tests.Conversion;

/// <summary>What GGUF files hold of encoders: vocabularies of their kinds, pooling, positions and heads.</summary>
public sealed class EncoderConversionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Word_pieces_are_spelt_as_llama_cpp_has_them_and_give_the_same_ids()
    {
        string source = Write("bert with a head"), gguf = Convert(source);
        Tokenizer folder = HuggingFaceTokenizer.Load(source);
        GgufHeader header = GgufHeader.Read(gguf);
        Tokenizer file = GgufTokenizer.Load(header);
        Assert.Equal("bert", header.GetString("tokenizer.ggml.model"));
        string[] tokens = header.Metadata["tokenizer.ggml.tokens"].AsStrings()!;
        Assert.Equal(
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "\u2581.", "\u2581?", "\u2581a", "\u2581ship", "\u2581is", "\u2581boat", "s"],
            tokens[..11]);
        Assert.Equal(
            (2L, 3L, 2L),
            (header.GetInt64("tokenizer.ggml.cls_token_id"), header.GetInt64("tokenizer.ggml.seperator_token_id"),
                header.GetInt64("tokenizer.ggml.token_type_count")));
        Assert.True(header.GetBool("tokenizer.ggml.normalizer.lowercase", false));
        Assert.Equal(folder.Encode("Ships? a LARGE boat"), file.Encode("Ships? a LARGE boat"));
        Assert.Equal(
            [folder.EncodePair("a ship", "boats").Ids, folder.EncodePair("a ship", "boats").Segments],
            [file.EncodePair("a ship", "boats").Ids, file.EncodePair("a ship", "boats").Segments]);
        Prop.ForAll(AnyText.Valid, text => file.Encode(text).SequenceEqual(folder.Encode(text))).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Unigrams_keep_their_scores_and_their_table_of_characters()
    {
        string source = Write("xlm-roberta");
        string path = Path.Combine(source, "tokenizer.json");
        JsonNode tokenizer = JsonNode.Parse(File.ReadAllText(path))!;
        byte[] table = CharacterMapBytes.Of(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["\t"] = " ", ["Å"] = "A", ["A"] = "a" });
        tokenizer["normalizer"] = new JsonObject
        {
            ["type"] = "Precompiled",
            ["precompiled_charsmap"] = System.Convert.ToBase64String(table),
        };
        File.WriteAllText(path, tokenizer.ToJsonString());
        Tokenizer folder = HuggingFaceTokenizer.Load(source);
        GgufHeader header = GgufHeader.Read(Convert(source));
        Tokenizer file = GgufTokenizer.Load(header);
        Assert.Equal("t5", header.GetString("tokenizer.ggml.model"));
        Assert.Equal(table, header.Metadata["tokenizer.ggml.precompiled_charsmap"].AsInt64s()!.Select(value => (byte)value));
        Assert.True(header.GetBool("tokenizer.ggml.remove_extra_whitespaces", false));
        Assert.True(header.GetBool("tokenizer.ggml.add_space_prefix", false));
        Gen<string> letters = Gen.Elements([.. "abcdefship .?", 'A', '\t', 'ß', '船']).ArrayOf().Select(text => new string(text));
        Prop.ForAll(letters.ToArbitrary(), text => file.Encode(text).SequenceEqual(folder.Encode(text))
            && file.EncodePair(text, "a ship").Ids.SequenceEqual(folder.EncodePair(text, "a ship").Ids)).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("xlm-roberta with a head", null, 4)]
    [InlineData("bert", "pooling_mode_mean_tokens", 1)]
    [InlineData("bert", "pooling_mode_cls_token", 2)]
    [InlineData("bert", "pooling_mode_lasttoken", 3)]
    public void Pooling_and_positions_are_written_as_llama_cpp_numbers_them(string family, string? pooling, int expected)
    {
        string source = Write(family);
        if (pooling is not null)
        {
            File.WriteAllText(Path.Combine(source, "modules.json"), """[{"path":"1_Pooling","type":"x.Pooling"}]""");
            Directory.CreateDirectory(Path.Combine(source, "1_Pooling"));
            File.WriteAllText(Path.Combine(source, "1_Pooling", "config.json"), $$"""{"{{pooling}}":true}""");
        }

        using Checkpoint file = Checkpoint.Open(Convert(source));
        Assert.Equal("bert", file.Header!.Architecture);
        Assert.Equal(expected, file.Header.GetInt64("bert.pooling_type"));
        Assert.False(file.Header.GetBool("bert.attention.causal", true));
        Assert.True(file.Header.TryGetTensor("position_embd.weight", out GgufTensorInfo? positions));
        Assert.Equal([64, EncoderSpec.Positions], positions.Shape);
        Assert.Equal(EncoderSpec.Positions, file.Header.GetInt64("bert.context_length"));
        Assert.Equal(pooling is null, file.Header.TryGetTensor("cls.output.weight", out _));
        EmbeddingPooling? read = expected switch
        {
            1 => EmbeddingPooling.Mean,
            2 => EmbeddingPooling.Cls,
            3 => EmbeddingPooling.Last,
            _ => null,
        };
        Assert.Equal(read, file.EmbeddingDefaults.Pooling);
    }

    [Fact]
    public void Windows_to_both_sides_are_written_together_and_how_often_a_layer_has_none()
    {
        GgufHeader header = GgufHeader.Read(Convert(Write("modernbert")));
        Assert.Equal("modern-bert", header.Architecture);
        Assert.Equal(10, header.GetInt64("modern-bert.attention.sliding_window"));
        Assert.Equal(3, header.GetInt64("modern-bert.attention.sliding_window_pattern"));
        Assert.Equal(160000, header.GetDouble("modern-bert.rope.freq_base", 0));
        Assert.Equal(10000, header.GetDouble("modern-bert.rope.freq_base_swa", 0));
        Assert.False(header.TryGetTensor("blk.0.attn_norm.weight", out _));
        Assert.True(header.TryGetTensor("blk.1.attn_norm.weight", out _));
    }

    [Theory]
    [InlineData("bert", "tokenizer.json", "normalizer", """{"type":"Lowercase"}""", "BERT's own normalizer")]
    [InlineData("xlm-roberta", "tokenizer.json", "normalizer", """{"type":"NFD"}""", "DecomposeStep has no word there")]
    [InlineData("modernbert with a head", "config.json", "classifier_pooling", "\"cls\"", "reads a text's first state")]
    [InlineData("modernbert", "config.json", "layer_types",
        """["full_attention","full_attention","sliding_attention","full_attention"]""", "equal distances")]
    public void What_such_files_have_no_word_for_is_refused(string family, string file, string field, string value, string expected)
    {
        string source = Write(family), path = Path.Combine(source, file);
        JsonNode content = JsonNode.Parse(File.ReadAllText(path))!;
        content[field] = JsonNode.Parse(value);
        File.WriteAllText(path, content.ToJsonString());
        Assert.Contains(expected, Assert.Throws<InferometerException>(() => Convert(source)).Message, StringComparison.Ordinal);
    }

    private string Write(string family)
    {
        EncoderModel tiny = new(EncoderSpec.All[family]);
        string path = tiny.WriteFolder(_folder);
        EncoderModel.WriteTokenizer(tiny.Spec, path);
        return path;
    }

    private string Convert(string source)
    {
        string gguf = _folder.File("model.gguf");
        ModelConverter.Convert(source, gguf, GgmlType.F32, null, TestContext.Current.CancellationToken);
        return gguf;
    }
}
