using Inferometer.Compression.Configuration;
using Inferometer.Compression.Profiles;
using Inferometer.Compression.Tests.Codecs;
using Inferometer.Core;

namespace Inferometer.Compression.Tests.Profiles;

public sealed class LlamaCompressionProfilesTests(Tales tales) : IClassFixture<Tales>
{
    [Fact]
    public void Error_falls_from_low_to_none_and_bytes_are_those_of_the_ranks()
    {
        LlamaCompressionProfiles profiles = new(tales.Model, new CompressionConfig { ValueRankLow = 16, ValueRankMedium = 32, ValueRankHigh = 64, KeyRank = 24 });
        float[] values = LatentPageTests.Random(10 * 64, 4);
        CompressedVectors[] compressed = [.. new[] { "low", "med", "high", "none" }.Select(name => profiles.CompressValues(values, name, 1, 3))];
        Assert.Equal([32, 64, 128, 128], compressed.Select(each => each.BytesPerToken));
        double[] errors = [.. compressed.Select(each => profiles.DecompressValues(each).Zip(values, (a, b) => (double)(a - b) * (a - b)).Sum())];
        Assert.True(errors[0] > errors[1] && errors[1] > 100 * errors[2], string.Join(' ', errors));
        Assert.InRange(errors[3], 0, 1e-3);
        CompressedVectors keys = profiles.CompressKeys(values, "med", 0);
        Assert.Equal((24, 10), (keys.Rank, keys.Tokens));
        Assert.Equal(values.Length, profiles.DecompressKeys(keys).Length);
    }

    [Fact]
    public void What_does_not_exist_is_named()
    {
        LlamaCompressionProfiles profiles = new(tales.Model);
        Assert.Contains("none, low, med, high", Assert.Throws<InferometerException>(() => profiles.CompressValues(new float[64], "tiny", 0)).Message, StringComparison.Ordinal);
        Assert.Contains("KV head 2", Assert.Throws<InferometerException>(() => profiles.CompressValues(new float[64], "low", 2)).Message, StringComparison.Ordinal);
        Assert.Contains("layer 6", Assert.Throws<InferometerException>(() => profiles.CompressKeys(new float[64], "low", 0, 6)).Message, StringComparison.Ordinal);
        Assert.Contains("65 numbers", Assert.Throws<InferometerException>(() => profiles.CompressKeys(new float[65], "low", 0)).Message, StringComparison.Ordinal);
        Assert.Throws<InferometerException>(() => profiles.DecompressKeys(profiles.CompressValues(new float[64], "low", 0)));
    }
}
