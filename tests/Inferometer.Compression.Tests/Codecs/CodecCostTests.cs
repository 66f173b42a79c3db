using System.Text.Json.Nodes;
using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using Inferometer.Compression.Profiles;
using Inferometer.Core;
using Inferometer.Core.Caching;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Results;

namespace Inferometer.Compression.Tests.Codecs;

public sealed unsafe class CodecCostTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("codec-cost").FullName;

    [Theory]
    [InlineData(64)]
    [InlineData(80)]
    [InlineData(96)]
    [InlineData(128)]
    [InlineData(256)]
    public void Every_codec_writes_exactly_the_bytes_of_its_formula(int width)
    {
        using TransformerModel model = Model(width);
        ModelBases[] all = [.. new[] { 1, 2 }.Select(heads => ModelBases.FromWeights(model, heads, TestContext.Current.CancellationToken))];
        int[] ranks = [16, width / 2, width];
        KvCompression[] compressions =
        [
            KvCompression.RotatedQuantization(model, 8),
            KvCompression.RotatedQuantization(model, 4),
            .. from bases in all from rank in ranks from bits in new[] { 2, 4, 8, 16, 32 }
               select KvCompression.LowRank("latents", model, bases, LatentAllocation.Fixed(bases, rank, rank, bits)),
        ];
        Assert.All(compressions, compression => Assert.Equal(compression.BytesPerToken, compression.Cost.Bytes));
        Assert.All(compressions.SelectMany(compression => compression.Codecs), codec =>
        {
            Assert.Equal(codec.PageBytes, KvPageLayout.PageTokens * codec.Cost.Bytes);
            Assert.Equal(codec.PageBytes, BytesWritten(codec, width));
        });
    }

    [Theory]
    [InlineData(64, 1)]
    [InlineData(80, 1)]
    [InlineData(128, 1)]
    [InlineData(64, 2)]
    [InlineData(80, 2)]
    public void The_simulator_and_the_engine_say_the_same_of_a_setting(int width, int headGroupSize)
    {
        using TransformerModel model = Model(width);
        string profile = Profile(model, headGroupSize);
        foreach (string setting in new[] { "q8", "q4", profile + ":low", profile + ":med" })
        {
            KvCodecCost codec = KvCacheSetting.Parse(setting).For(model).Cost;
            Assert.Equal(codec, KvCacheSetting.Parse(setting).CostOf(model.Architecture));
            SimulationResult result = Simulate(setting);
            IReadOnlyDictionary<string, double> predicted = result.FeatureMetrics["kv_compression"];
            Assert.Equal(codec, new KvCodecCost(
                predicted["bytes_per_token"], predicted["write_flops_per_token"], predicted["read_flops_per_token"],
                predicted["query_flops_per_token"], predicted["flops_per_pair"]));

            // Two prompt tokens and one more are cached: memory of three tokens.
            Assert.Equal(3 * codec.Bytes, result.MemoryUsage!.KvCacheBytes, 1e-6);
        }
    }

    [Fact]
    public void Ranks_given_to_the_simulator_cost_what_latents_of_these_ranks_cost()
    {
        using TransformerModel model = Model(80);
        ModelBases bases = ModelBases.FromWeights(model, 1, TestContext.Current.CancellationToken);
        KvCodecCost codec = KvCompression.LowRank("latents", model, bases, LatentAllocation.Fixed(bases, 32, 48, 4)).Cost;
        IReadOnlyDictionary<string, double> predicted = Simulate(
            new JsonObject { ["key_rank"] = 32, ["value_rank"] = 48, ["latent_bits"] = 4 }).FeatureMetrics["kv_compression"];
        Assert.Equal(
            (codec.Bytes, codec.ReadFlops, codec.WriteFlops),
            (predicted["bytes_per_token"], predicted["read_flops_per_token"], predicted["write_flops_per_token"]));
        Assert.Equal((codec.QueryFlops, codec.PairFlops), (predicted["query_flops_per_token"], predicted["flops_per_pair"]));
    }

    [Fact]
    public void A_profile_of_another_shape_or_a_level_without_a_profile_is_refused()
    {
        string profile;
        using (TransformerModel narrow = Model(64))
        {
            profile = Profile(narrow);
        }

        using TransformerModel wide = Model(80);
        Assert.Contains(
            "2 layers of 2 KV heads of 64 and 64", Assert.Throws<InferometerException>(() => Simulate(profile + ":med")).Message,
            StringComparison.Ordinal);
        Assert.Contains("compress build", Assert.Throws<InferometerException>(() => Simulate("low")).Message, StringComparison.Ordinal);
        Assert.Contains("q8, q4, low", Assert.Throws<InferometerException>(() => Simulate("strong")).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string ModelPath => Path.Combine(_folder, "model.gguf");

    private TransformerModel Model(int headWidth)
    {
        SyntheticShape shape = new()
        {
            HiddenSize = 4 * headWidth,
            Layers = 2,
            Heads = 4,
            KvHeads = 2,
            FeedForwardSize = 64,
            VocabularySize = 272,
            ContextTokens = 64,
        };
        SyntheticModel.Write(ModelPath, shape, GgmlType.F16, seed: 3, cancellationToken: TestContext.Current.CancellationToken);
        return TransformerModel.Load(ModelPath, cancellationToken: TestContext.Current.CancellationToken);
    }

    private string Profile(TransformerModel model, int headGroupSize = 1)
    {
        ModelBases bases = ModelBases.FromWeights(model, headGroupSize, TestContext.Current.CancellationToken);
        ProfileLoss loss = new(0, 0, 1, 0.5, 1);
        CompressionProfile profile = new()
        {
            Method = "weight-only SVD",
            Fingerprint = ModelFingerprint.Of(model),
            CalibrationText = "none",
            CalibrationTokens = 0,
            HoldOutText = "none",
            Bases = bases,
            Levels =
            [
                new ProfileLevel("low", 0.05, LatentAllocation.Fixed(bases, 16, 32, 2), loss),
                new ProfileLevel("med", 0.01, LatentAllocation.Fixed(bases, 32, 48, 8), loss),
            ],
        };
        string path = Path.Combine(_folder, $"{bases.Layers[0][0].Keys.Basis.Width}.kvprofile");
        profile.Save(path);
        return path;
    }

    private SimulationResult Simulate(string profile) => Simulate(new JsonObject { ["profile"] = profile });

    private SimulationResult Simulate(JsonObject settings) =>
        new SimulationEngine(kvProfiles: new KvProfileReader()).Simulate(new SimulationConfig
        {
            Model = ModelPath,
            Features = new EquatableList<string>(["prefill", "decode"]),
            SimulationParams = new ParameterBag(
            new JsonObject { ["system_name"] = "h100", ["input_tokens"] = 2, ["output_tokens"] = 2, ["kv_compression"] = settings }),
        });

    // A byte counts as written when it ends up the same whatever stood there before.
    private static int BytesWritten(CompressedKvCodec codec, int width)
    {
        float[] keys = LatentPageTests.Random(16 * 2 * width, 1), values = LatentPageTests.Random(16 * 2 * width, 2);
        byte[] first = new byte[codec.PageBytes + 64], second = new byte[codec.PageBytes + 64];
        Array.Fill(first, (byte)0x5A);
        Array.Fill(second, (byte)0xA5);
        fixed (byte* one = first, other = second)
        {
            codec.EncodePage(keys, values, 0, one);
            codec.EncodePage(keys, values, 0, other);
        }

        return first.Zip(second).Count(pair => pair.First == pair.Second);
    }
}
