using Inferometer.Core.Gguf;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ModelFiles.Formats;
using Inferometer.ReferenceModels;
using Inferometer.Runners;

namespace Inferometer.Cpu.Tests.Execution;

/// <summary>
/// Families on tiny random weights against a forward pass in double precision that was written from their published code, from
/// checkpoints as those have them and from the GGUF files that they are converted to.
/// </summary>
public sealed class PublishedFamilyTests
{
    private const double Tolerance = 1e-3;

    private static readonly int[] Tokens = [.. Enumerable.Range(0, 24).Select(i => ((i * 37) + (i * i * 5) + 11) % FamilySpec.Vocabulary)];

    public static TheoryData<string> Families => [.. FamilySpecs.All.Keys];

    // llama.cpp has a name for GPT-J, but no code.
    public static TheoryData<string> Converted => [.. FamilySpecs.All.Keys.Where(family => family is not "gptj")];

    [Theory]
    [MemberData(nameof(Families))]
    public void Logits_from_a_folder_match_the_reference(string family)
    {
        using TemporaryFolder folder = new();
        FamilyModel model = new(FamilySpecs.All[family]);
        Check(model, model.WriteFolder(folder));
    }

    [Theory]
    [MemberData(nameof(Converted))]
    public void Logits_from_the_converted_file_match_the_reference(string family)
    {
        using TemporaryFolder folder = new();
        FamilyModel model = new(FamilySpecs.All[family]);
        string source = model.WriteFolder(folder), gguf = folder.File("model.gguf");
        WriteTokenizer(source);
        ConversionResult result = ModelConverter.Convert(source, gguf, GgmlType.F32, null, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(result.Notes, note => note.Contains("was left out", StringComparison.Ordinal));
        Check(model, gguf);
    }

    [Fact]
    public void Files_that_keep_keys_and_values_of_latents_fused_are_read()
    {
        using TemporaryFolder folder = new();
        FamilyModel model = new(FamilySpecs.All["deepseek_v3"]);
        string source = model.WriteFolder(folder), gguf = folder.File("model.gguf"), older = folder.File("older.gguf");
        WriteTokenizer(source);
        ModelConverter.Convert(source, gguf, GgmlType.F32, null, TestContext.Current.CancellationToken);
        using (GgufModelFile file = GgufModelFile.Open(GgufHeader.Read(gguf)))
        {
            List<KeyValuePair<string, object>> metadata = [];
            foreach ((string key, GgufValue value) in file.Header.Metadata)
            {
                if (key.EndsWith("_mla", StringComparison.Ordinal))
                {
                    continue;
                }

                object? plain = key switch
                {
                    "deepseek2.attention.key_length" => FamilySpec.NopeDim + FamilySpec.RopeDim,
                    "deepseek2.attention.value_length" => FamilySpec.ValueDim,
                    _ => Plain(value),
                };
                if (plain is not null)
                {
                    metadata.Add(new(key, plain));
                }
            }

            List<KeyValuePair<string, ReferenceTensor>> tensors = [.. file.Tensors
                .Where(tensor => !tensor.Name.EndsWith("attn_k_b.weight", StringComparison.Ordinal))
                .Where(tensor => !tensor.Name.EndsWith("attn_v_b.weight", StringComparison.Ordinal))
                .Select(tensor => new KeyValuePair<string, ReferenceTensor>(
                    tensor.Name, new ReferenceTensor([.. tensor.Shape.Select(extent => (int)extent)], tensor.DecodeAll())))];
            for (int layer = 0; layer < FamilySpec.Layers; layer++)
            {
                tensors.Add(new($"blk.{layer}.attn_kv_b.weight", model.Weights[$"model.layers.{layer}.self_attn.kv_b_proj.weight"]));
            }

            GgufFile.Write(older, metadata, tensors);
        }

        Check(model, older);
    }

    // As llama.cpp writes GLM-4's first checkpoints, whose queries, keys and values are one matrix.
    [Fact]
    public void Files_of_glm_that_fuse_queries_keys_and_values_are_read()
    {
        using TemporaryFolder folder = new();
        FamilyModel model = new(FamilySpecs.All["glm"]);
        string source = model.WriteFolder(folder), gguf = folder.File("model.gguf"), fused = folder.File("fused.gguf");
        WriteTokenizer(source);
        ModelConverter.Convert(source, gguf, GgmlType.F32, null, TestContext.Current.CancellationToken);
        using (GgufModelFile file = GgufModelFile.Open(GgufHeader.Read(gguf)))
        {
            Assert.Equal("chatglm", file.Header.Architecture);
            Dictionary<string, ReferenceTensor> tensors = file.Tensors.ToDictionary(
                tensor => tensor.Name,
                tensor => new ReferenceTensor([.. tensor.Shape.Select(extent => (int)extent)], tensor.DecodeAll()),
                StringComparer.Ordinal);
            for (int layer = 0; layer < FamilySpec.Layers; layer++)
            {
                foreach (string ending in (string[])["weight", "bias"])
                {
                    ReferenceTensor[] parts = [.. ((string[])["q", "k", "v"]).Select(name =>
                    {
                        Assert.True(tensors.Remove($"blk.{layer}.attn_{name}.{ending}", out ReferenceTensor? part));
                        return part!;
                    })];
                    int[] shape = [parts.Sum(part => part.Shape[0]), .. parts[0].Shape.Skip(1)];
                    tensors[$"blk.{layer}.attn_qkv.{ending}"] = new ReferenceTensor(shape, [.. parts.SelectMany(part => part.Data)]);
                }
            }

            List<KeyValuePair<string, object>> metadata = [.. file.Header.Metadata
                .Select(entry => new KeyValuePair<string, object?>(entry.Key, Plain(entry.Value)))
                .Where(entry => entry.Value is not null).Select(entry => new KeyValuePair<string, object>(entry.Key, entry.Value!))];
            GgufFile.Write(fused, metadata, [.. tensors]);
        }

        Check(model, fused);
    }

    private static object? Plain(GgufValue value) => (object?)value.AsString() ?? value.AsStrings() ?? (object?)value.AsBool()
        ?? (value.AsInt64() is { } number ? (object)(int)number : value.AsDouble());

    [Theory]
    [InlineData("gpt_oss")]
    [InlineData("gpt_neox")]
    [InlineData("olmo2")]
    [InlineData("glm4_moe")]
    [InlineData("cohere2")]
    [InlineData("gpt2")]
    [InlineData("granitemoehybrid")]
    [InlineData("lfm2")]
    [InlineData("llama4")]
    [InlineData("deepseek_v3")]
    public void Chunks_batches_and_plain_attention_give_the_logits_of_the_whole(string family)
    {
        using TemporaryFolder folder = new();
        string path = new FamilyModel(FamilySpecs.All[family]).WriteFolder(folder);
        using TransformerModel model = Load(path, flash: true), plain = Load(path, flash: false);
        using SequenceRunner whole = new(model, 40), chunks = new(model, 40), other = new(plain, 40);
        float[][] expected = whole.Run(Tokens);
        float[][] actual = [.. chunks.Run(Tokens.AsSpan(0, 5)), .. chunks.Run(Tokens.AsSpan(5, 14)), .. chunks.Run(Tokens.AsSpan(19))];
        AssertClose(expected, actual);
        AssertClose(expected, other.Run(Tokens));

        // Two sequences in a step, the second with a past.
        using PagedKvCache cache = model.CreateCache(8, KvElement.F32);
        ForwardBatch batch = new();
        batch.Add(Tokens.AsMemory(0, 9), 0, new[] { 5, 1 }, logitRows: 0);
        model.Forward(batch, cache, []);
        batch.Clear();
        batch.Add(Tokens.AsMemory(0, 12), 0, new[] { 2 }, logitRows: 12);
        batch.Add(Tokens.AsMemory(9), 9, new[] { 5, 1 }, logitRows: 15);
        float[] logits = new float[27 * FamilySpec.Vocabulary];
        model.Forward(batch, cache, logits);
        AssertClose([.. expected[..12], .. expected[9..]], [.. logits.Chunk(FamilySpec.Vocabulary)]);
    }

    [Theory]
    [InlineData("deepseek_v3")]
    [InlineData("deepseek_v2")]
    public void A_page_of_latent_attention_holds_each_latent_once(string family)
    {
        using TemporaryFolder folder = new();
        using TransformerModel model = Load(new FamilyModel(FamilySpecs.All[family]).WriteFolder(folder), flash: true);
        const int Latent = FamilySpec.LatentRank + FamilySpec.RopeDim;
        Assert.Equal(FamilySpec.Layers * 16 * Latent * 2, PagedKvCache.BytesPerBlock(model.Architecture));
        using SequenceRunner full = new(model, 40), half = new(model, 40, KvElement.F16);
        double largest = full.Run(Tokens).Zip(half.Run(Tokens), (a, b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max()).Max();
        Assert.InRange(largest, 1e-6, 0.02);
    }

    private static void AssertClose(float[][] expected, float[][] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Zip(actual, (a, b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max()).Max();
        Assert.True(largest < 2e-4, $"logits differ by {largest}");
    }

    private static TransformerModel Load(string path, bool flash) => TransformerModel.Load(
        path, new LoadOptions { Threads = 2, Forward = new ForwardOptions { FlashAttention = flash } }, null,
        TestContext.Current.CancellationToken);

    private static void Check(FamilyModel tiny, string path)
    {
        using TransformerModel model =
            TransformerModel.Load(path, new LoadOptions { Threads = 2 }, null, TestContext.Current.CancellationToken);
        using SequenceRunner runner = new(model, Tokens.Length);
        float[][] logits = runner.Run(Tokens);
        double[][] expected = new FamilyForward(tiny).Logits(Tokens);
        double largest = 0;
        for (int t = 0; t < Tokens.Length; t++)
        {
            largest = Math.Max(largest, expected[t].Zip(logits[t], (a, b) => Math.Abs(a - b)).Max());
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference of a logit: {largest:E1}");
        Assert.True(largest < Tolerance, $"logits differ by {largest}");
    }

    internal static void WriteTokenizer(string folder)
    {
        string tokens = string.Join(',', Enumerable.Range(0, FamilySpec.Vocabulary).Select(i => $"\"t{i}\":{i}"));
        File.WriteAllText(
            Path.Combine(folder, "tokenizer.json"),
            """{"version":"1.0","added_tokens":[],"model":{"type":"BPE","vocab":{TOKENS},"merges":[]},"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"}}"""
                .Replace("TOKENS", tokens, StringComparison.Ordinal));
    }
}
