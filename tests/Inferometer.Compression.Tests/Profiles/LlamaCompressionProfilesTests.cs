using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using Inferometer.Compression.Configuration;
using Inferometer.Compression.Memory;
using Inferometer.Compression.Profiles;
using Inferometer.Compression.Tests.Codecs;
using Inferometer.Core;

namespace Inferometer.Compression.Tests.Profiles;

public sealed class LlamaCompressionProfilesTests(Tales tales) : IClassFixture<Tales>
{
    private static readonly CompressionConfig Config = new() { ValueRankLow = 16, ValueRankMedium = 32, ValueRankHigh = 64, KeyRank = 24 };
    private static readonly string[] Profiles = ["low", "med", "high", "none"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Error_falls_from_low_to_none_and_bytes_are_those_of_the_ranks(int headGroupSize)
    {
        LlamaCompressionProfiles profiles = new(tales.Model, Config with { HeadGroupSize = headGroupSize });
        int width = 64 * headGroupSize, headIdx = 2 / headGroupSize - 1;
        float[] values = LatentPageTests.Random(10 * width, 4);
        CompressedVectors[] compressed = [.. Profiles.Select(name => profiles.CompressValues(values, name, headIdx, 3))];
        Assert.Equal(
            [32 * headGroupSize, 64 * headGroupSize, 128 * headGroupSize, 128 * headGroupSize],
            compressed.Select(each => each.BytesPerToken));

        // Ten tokens fill one page of sixteen.
        Assert.All(compressed, each => Assert.Equal(16 * each.BytesPerToken, each.Data.Length));
        double[] errors =
        [
            .. compressed.Select(each => profiles.DecompressValues(each).Zip(values, (a, b) => (double)(a - b) * (a - b)).Sum()),
        ];
        Assert.True(errors[0] > errors[1] && errors[1] > 100 * errors[2], string.Join(' ', errors));
        Assert.InRange(errors[3], 0, 1e-3);
        CompressedVectors keys = profiles.CompressKeys(values, "med", 0);
        Assert.Equal(((24 * headGroupSize + 15) / 16 * 16, 10), (keys.Rank, keys.Tokens));
        Assert.Equal(values.Length, profiles.DecompressKeys(keys).Length);
    }

    [Fact]
    public void Profiles_of_all_layers_are_built_with_progress_and_one_by_one_alike()
    {
        List<double> shares = [];
        CompressionProfileBuilder builder = new(tales.Model, Config, tales.Bases(128, 2));
        IReadOnlyList<LayerCompressionProfiles> layers = builder.BuildCompressionProfiles(
            new Shares(shares), TestContext.Current.CancellationToken);
        Assert.Equal(6, layers.Count);
        Assert.Equal([1 / 6.0, 2 / 6.0, 3 / 6.0, 4 / 6.0, 5 / 6.0, 1.0], shares);
        Assert.Equal(["none", "low", "med", "high"], layers[4].Names);
        float[] values = LatentPageTests.Random(40 * 64, 8);
        LayerCompressionProfiles again = builder.BuildCompressionProfiles(4, TestContext.Current.CancellationToken);
        Assert.Equal(layers[4].CompressValuesWithProfile(values, "med", 1).Data, again.CompressValuesWithProfile(values, "med", 1).Data);
        Assert.Equal(values.Length, again.DecompressValues(again.CompressValuesWithProfile(values, "low", 0)).Length);
        using CancellationTokenSource stopped = new();
        stopped.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(
            () => new CompressionProfileBuilder(tales.Model).BuildCompressionProfiles(null, stopped.Token));
    }

    [Fact]
    public void A_layer_that_does_not_fit_is_refused_before_it_is_decomposed()
    {
        CompressionProfileBuilder builder = new(tales.Model, null, null, new MemoryManager(0.8, 1));
        Assert.Contains(
            "layer 2",
            Assert.Throws<InferometerException>(() => builder.BuildCompressionProfiles(2, TestContext.Current.CancellationToken)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Levels_of_a_profile_file_compress_to_the_bytes_the_cache_would_hold()
    {
        ModelBases bases = tales.Bases(128, 2);
        LatentFormat format = new([new(16, 8), new(32, 4)]);
        CompressionProfile profile = new()
        {
            Method = "test",
            Fingerprint = ModelFingerprint.Of(tales.Model),
            CalibrationText = "none",
            CalibrationTokens = 256,
            HoldOutText = "none",
            Bases = bases,
            Levels =
            [
                new ProfileLevel(
                    "low", 0.05, new LatentAllocation([.. bases.Layers.Select(groups => groups.Select(_ => (format, format)).ToArray())]),
                    new ProfileLoss(0, 0, 1, 0.8, 1)),
            ],
        };
        LlamaCompressionProfiles profiles = new(profile);
        float[] values = LatentPageTests.Random(16 * 64, 4);
        CompressedVectors compressed = profiles.CompressValues(values, "low", 1, 2);

        // 16 numbers of 8 bits and 32 of 4, with a scale of 2 bytes each.
        Assert.Equal(16 + 2 + 16 + 2, compressed.BytesPerToken);
        Assert.Equal(16 * 36, compressed.Data.Length);
        Assert.Contains(
            "none, low", Assert.Throws<InferometerException>(() => profiles.CompressValues(values, "high", 0)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_exist_is_named()
    {
        LlamaCompressionProfiles profiles = new(tales.Model);
        Assert.Contains(
            "none, low, med, high", Assert.Throws<InferometerException>(() => profiles.CompressValues(new float[64], "tiny", 0)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "head group 2", Assert.Throws<InferometerException>(() => profiles.CompressValues(new float[64], "low", 2)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "layer 6", Assert.Throws<InferometerException>(() => profiles.CompressKeys(new float[64], "low", 0, 6)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "layer 6",
            Assert.Throws<InferometerException>(() =>
                new CompressionProfileBuilder(tales.Model).BuildCompressionProfiles(6, TestContext.Current.CancellationToken)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "65 numbers", Assert.Throws<InferometerException>(() => profiles.CompressKeys(new float[65], "low", 0)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "2 KV heads; allowed are 1, 2.",
            Assert.Throws<InferometerException>(() => new LlamaCompressionProfiles(tales.Model, Config with { HeadGroupSize = 4 })).Message,
            StringComparison.Ordinal);
        Assert.Throws<InferometerException>(() => profiles.DecompressKeys(profiles.CompressValues(new float[64], "low", 0)));
    }

    private sealed class Shares(List<double> shares) : IProgress<double>
    {
        public void Report(double value) => shares.Add(value);
    }
}
