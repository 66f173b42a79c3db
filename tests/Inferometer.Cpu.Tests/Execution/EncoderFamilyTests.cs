using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ReferenceModels;
using Inferometer.Runners;

namespace Inferometer.Cpu.Tests.Execution;

/// <summary>
/// Encoders on tiny random weights against a forward pass in double precision that was written from their published code, from checkpoints
/// and from the GGUF files that they are converted to.
/// </summary>
public sealed class EncoderFamilyTests
{
    private const double Tolerance = 1e-4;

    public static TheoryData<string> Families => [.. EncoderSpec.All.Keys];

    [Theory]
    [MemberData(nameof(Families))]
    public void States_from_a_folder_match_the_reference(string family)
    {
        using TemporaryFolder folder = new();
        EncoderModel tiny = new(EncoderSpec.All[family]);
        Check(tiny, tiny.WriteFolder(folder), flash: true);
        Check(tiny, tiny.WriteFolder(folder), flash: false);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void States_from_the_converted_file_match_the_reference(string family)
    {
        using TemporaryFolder folder = new();
        EncoderModel tiny = new(EncoderSpec.All[family]);
        string source = tiny.WriteFolder(folder), gguf = folder.File("model.gguf");
        EncoderModel.WriteTokenizer(tiny.Spec, source);
        ConversionResult result = ModelConverter.Convert(source, gguf, GgmlType.F32, null, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(result.Notes, note => note.Contains("was left out", StringComparison.Ordinal));
        Check(tiny, gguf, flash: true);
        using Checkpoint written = Checkpoint.Open(gguf), read = Checkpoint.Open(source);
        Assert.Equal(
            (read.Architecture.MaxContextTokens, ParameterCount.Of(read.Architecture).Total - PositionsLeftOut(tiny)),
            (written.Architecture.MaxContextTokens, ParameterCount.Of(written.Architecture).Total));

        // Run, but not priced: what is estimated writes text.
        string refused = Assert.Throws<InferometerException>(() => ModelCatalog.BuiltIn.Resolve(gguf)).Message;
        Assert.Contains("is an encoder. Inferometer describes decoders", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bert")]
    [InlineData("nomic_bert")]
    [InlineData("modernbert")]
    [InlineData("jina-bert-v2")]
    public void Texts_of_a_step_do_not_see_one_another_and_segments_tell_them_apart(string family)
    {
        using TemporaryFolder folder = new();
        EncoderModel tiny = new(EncoderSpec.All[family]);
        using TransformerModel model = Load(tiny.WriteFolder(folder), flash: true);
        using PagedKvCache cache = model.CreateCache(20, KvElement.F32);
        int[] first = Text(37, 1), second = Text(90, 2);
        int[] segments = [.. Enumerable.Range(0, second.Length).Select(i => i < 40 || tiny.Spec.Segments < 2 ? 0 : 1)];
        ForwardBatch batch = new() { WantsHiddenStates = true };
        batch.Add(first, 0, new[] { 7, 3, 11 }, logitRows: 0);
        batch.Add(second, 0, new[] { 1, 0, 15, 4, 9, 2 }, logitRows: 0, segments: segments);
        float[] states = new float[(first.Length + second.Length) * tiny.Spec.Hidden];
        model.Forward(batch, cache, [], states);
        EncoderForward reference = new(tiny);
        AssertClose([.. reference.States(first), .. reference.States(second, segments)], [.. states.Chunk(tiny.Spec.Hidden)]);
    }

    [Fact]
    public void Keys_and_values_of_one_layer_are_held_at_a_time()
    {
        using TemporaryFolder folder = new();
        EncoderModel tiny = new(EncoderSpec.All["bert"]);
        using TransformerModel model = Load(tiny.WriteFolder(folder), flash: true);
        Assert.Equal(16 * 2 * tiny.Spec.Hidden * sizeof(float), PagedKvCache.BytesPerBlock(model.Architecture, KvElement.F32));
    }

    [Fact]
    public void Logits_of_an_encoder_and_a_text_in_two_pieces_are_refused()
    {
        using TemporaryFolder folder = new();
        EncoderModel tiny = new(EncoderSpec.All["bert"]);
        using TransformerModel model = Load(tiny.WriteFolder(folder), flash: true);
        using PagedKvCache cache = model.CreateCache(4, KvElement.F32);
        ForwardBatch batch = new();
        batch.Add(Text(5, 1), 0, new[] { 0 }, logitRows: 1);
        InferometerException error = Assert.Throws<InferometerException>(
            () => model.Forward(batch, cache, new float[EncoderSpec.Vocabulary]));
        Assert.Contains("('bert') is an encoder", error.Message, StringComparison.Ordinal);
        batch.Clear();
        batch.Add(Text(5, 1), 5, new[] { 0 }, logitRows: 0);
        Assert.Contains(
            "computes a text whole", Assert.Throws<ArgumentException>(() => model.Forward(batch, cache, [])).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bert", "is_decoder", "true", "is_decoder")]
    [InlineData("bert", "position_embedding_type", "\"relative_key\"", "absolute or alibi")]
    [InlineData("nomic_bert", "moe_every_n_layers", "2", "with experts")]
    [InlineData("nomic_bert", "prenorm", "true", "prenorm")]
    [InlineData("nomic_bert", "rotary_scaling_factor", "2.0", "rotary_scaling_factor")]
    [InlineData("modernbert", "norm_bias", "true", "norm_bias")]
    [InlineData("bert", "model_type", "\"deberta\"", "'deberta' is an encoder. Of encoders the engine runs bert,")]
    public void Encoders_of_another_kind_are_refused_by_what_they_have(string family, string field, string value, string expected)
    {
        using TemporaryFolder folder = new();
        EncoderModel tiny = new(EncoderSpec.All[family]);
        tiny.Config[field] = System.Text.Json.Nodes.JsonNode.Parse(value);
        string path = tiny.WriteFolder(folder);
        InferometerException error = Assert.Throws<InferometerException>(() => Load(path, flash: true));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(12)]
    public void Slopes_of_heads_fall_as_published(int heads)
    {
        float[] slopes = AlibiSlopes.Of(heads);
        float[] expected = heads switch
        {
            1 => [1f / 256],
            2 => [1f / 16, 1f / 256],
            // Those of eight, then every second one of sixteen.
            _ =>
            [
                .. Enumerable.Range(1, 8).Select(i => MathF.Pow(2, -i)), .. new[] { 0.5f, 1.5f, 2.5f, 3.5f }.Select(i => MathF.Pow(2, -i)),
            ],
        };
        Assert.All(expected.Zip(slopes), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    // Rows of positions that stand for none are not written.
    private static long PositionsLeftOut(EncoderModel tiny) => (long)tiny.Spec.FirstRow * tiny.Spec.Hidden;

    private static int[] Text(int length, int seed) =>
        [.. Enumerable.Range(0, length).Select(i => ((i * 37 * seed) + (i * i * 5) + 11) % EncoderSpec.Vocabulary)];

    private static TransformerModel Load(string path, bool flash) => TransformerModel.Load(
        path, new LoadOptions { Threads = 2, Forward = new ForwardOptions { FlashAttention = flash } }, null,
        TestContext.Current.CancellationToken);

    private static void Check(EncoderModel tiny, string path, bool flash)
    {
        using TransformerModel model = Load(path, flash);
        using PagedKvCache cache = model.CreateCache(12, KvElement.F32);
        EncoderForward reference = new(tiny);
        foreach (int length in (ReadOnlySpan<int>)[1, 3, 24, 161])
        {
            int[] tokens = Text(length, 1);
            ForwardBatch batch = new() { WantsHiddenStates = true };
            batch.Add(tokens, 0, Enumerable.Range(0, 12).Reverse().ToArray(), logitRows: 0);
            float[] states = new float[length * tiny.Spec.Hidden];
            model.Forward(batch, cache, [], states);
            AssertClose(reference.States(tokens), [.. states.Chunk(tiny.Spec.Hidden)]);
        }
    }

    private static void AssertClose(double[][] expected, float[][] actual)
    {
        double largest = expected.Zip(actual, (a, b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max()).Max();
        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference of a state: {largest:E1}");
        Assert.True(largest < Tolerance, $"states differ by {largest}");
    }
}
