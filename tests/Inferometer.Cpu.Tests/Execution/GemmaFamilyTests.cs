using Inferometer.Core.Gguf;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ReferenceModels;
using Inferometer.Runners;

namespace Inferometer.Cpu.Tests.Execution;

/// <summary>
/// Gemma 3n and 4 on tiny random weights against a pass in double precision: layers' own inputs, shared caches, alternating updates, cut
/// gates, keys as values, and experts beside a dense network; from folders and from the GGUF files that they are converted to.
/// </summary>
public sealed class GemmaFamilyTests
{
    // One token, 75, has no row in the second table.
    private static readonly int[] Tokens =
        [75, .. Enumerable.Range(0, 27).Select(i => ((i * 37) + (i * i * 5) + 11) % GemmaSpec.Vocabulary)];

    public static TheoryData<string> Families => [.. GemmaSpec.All.Keys];

    [Theory]
    [MemberData(nameof(Families))]
    public void Logits_from_a_folder_match_the_reference(string family)
    {
        using TemporaryFolder folder = new();
        GemmaModel tiny = new(GemmaSpec.All[family]);
        Check(tiny, tiny.WriteFolder(folder));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Logits_from_the_converted_file_match_the_reference(string family)
    {
        using TemporaryFolder folder = new();
        GemmaModel tiny = new(GemmaSpec.All[family]);
        Check(tiny, Convert(tiny, folder));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Chunks_batches_and_plain_attention_give_the_logits_of_the_whole(string family)
    {
        using TemporaryFolder folder = new();
        string path = new GemmaModel(GemmaSpec.All[family]).WriteFolder(folder);
        using TransformerModel model = Load(path), plain = Load(path, flash: false), ungrouped = Load(path, grouped: false);
        using SequenceRunner whole = new(model, 40), chunks = new(model, 40), other = new(plain, 40), each = new(ungrouped, 40);
        float[][] expected = whole.Run(Tokens);
        AssertClose(expected, [.. chunks.Run(Tokens.AsSpan(0, 5)), .. chunks.Run(Tokens.AsSpan(5, 14)), .. chunks.Run(Tokens.AsSpan(19))]);
        AssertClose(expected, other.Run(Tokens));
        AssertClose(expected, each.Run(Tokens));
        using PagedKvCache cache = model.CreateCache(8, KvElement.F32);
        ForwardBatch batch = new();
        batch.Add(Tokens.AsMemory(0, 9), 0, new[] { 5, 1 }, logitRows: 0);
        model.Forward(batch, cache, []);
        batch.Clear();
        batch.Add(Tokens.AsMemory(0, 12), 0, new[] { 2 }, logitRows: 12);
        batch.Add(Tokens.AsMemory(9), 9, new[] { 5, 1 }, logitRows: 19);
        float[] logits = new float[31 * GemmaSpec.Vocabulary];
        model.Forward(batch, cache, logits);
        AssertClose([.. expected[..12], .. expected[9..]], [.. logits.Chunk(GemmaSpec.Vocabulary)]);
    }

    [Theory]
    [InlineData("gemma3n", 2)]
    [InlineData("gemma4 small", 2)]
    [InlineData("gemma4 dense", 0)]
    public void A_layer_that_reads_the_keys_of_another_has_no_room_in_the_cache(string family, int shared)
    {
        using TemporaryFolder folder = new();
        GemmaSpec spec = GemmaSpec.All[family];
        using TransformerModel model = Load(new GemmaModel(spec).WriteFolder(folder));
        int expected = Enumerable.Range(0, GemmaSpec.Layers - shared).Sum(
            layer => 16 * 2 * spec.KvHeadsOf(layer) * spec.WidthOf(layer) * 2);
        Assert.Equal(expected, PagedKvCache.BytesPerBlock(model.Architecture));
    }

    private static string Convert(GemmaModel tiny, TemporaryFolder folder)
    {
        string source = tiny.WriteFolder(folder), gguf = folder.File("model.gguf");
        PublishedFamilyTests.WriteTokenizer(source);
        ConversionResult result = ModelConverter.Convert(source, gguf, GgmlType.F32, null, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(result.Notes, note => note.Contains("was left out", StringComparison.Ordinal));
        return gguf;
    }

    private static TransformerModel Load(string path, bool flash = true, bool grouped = true) => TransformerModel.Load(
        path, new LoadOptions { Threads = 2, Forward = new ForwardOptions { FlashAttention = flash, GroupedHeads = grouped } }, null,
        TestContext.Current.CancellationToken);

    private static void Check(GemmaModel tiny, string path)
    {
        using TransformerModel model = Load(path);
        using SequenceRunner runner = new(model, Tokens.Length);
        float[][] logits = runner.Run(Tokens);
        double[][] expected = new GemmaForward(tiny).Logits(Tokens);
        double largest = expected.Zip(logits, (a, b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max()).Max();
        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference of a logit: {largest:E1}");
        Assert.True(largest < 1e-3, $"logits differ by {largest}");
    }

    private static void AssertClose(float[][] expected, float[][] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Zip(actual, (a, b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max()).Max();
        Assert.True(largest < 2e-4, $"logits differ by {largest}");
    }
}
