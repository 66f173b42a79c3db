using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using Inferometer.Compression.Configuration;
using Inferometer.Core;

namespace Inferometer.Compression.Tests.Cache;

public sealed class KvCompressionTests(Tales tales) : IClassFixture<Tales>
{
    [Fact]
    public void A_configuration_decides_method_ranks_and_window()
    {
        CompressionConfig config = new() { ValueRankLow = 16, ValueRankMedium = 32, KeyRank = 48, SinkTokens = 20, RecentTokens = 64 };
        KvCompression rotated = config.ToCompression(tales.Model);
        Assert.Equal(("q8", 20, 64), (rotated.Name, rotated.Window.SinkTokens, rotated.Window.RecentTokens));

        // 12 heads of (48 + 16) and (48 + 32) numbers in f16.
        KvCompression low = (config with { Strategy = CompressionStrategy.WeightSvd }).ToCompression(tales.Model, "low");
        Assert.Equal(12 * 64 * 2, low.BytesPerToken);

        // A group of two heads has twice the rank of one, so that the size is the same.
        KvCompression pairs = (config with { Strategy = CompressionStrategy.WeightSvd, HeadGroupSize = 2 })
            .ToCompression(tales.Model, "low");
        Assert.Equal(low.BytesPerToken, pairs.BytesPerToken);
        Assert.Equal(2, Assert.IsType<LowRankCodec>(pairs.Codecs[0]).HeadGroupSize);
        ModelBases bases = ModelBases.FromWeights(tales.Model, 1, TestContext.Current.CancellationToken);
        Assert.Equal(
            12 * 80 * 2, (config with { Strategy = CompressionStrategy.LowRank }).ToCompression(tales.Model, "med", bases).BytesPerToken);
    }

    [Fact]
    public void What_a_configuration_lacks_is_named()
    {
        CompressionConfig lowRank = new() { Strategy = CompressionStrategy.LowRank };
        Assert.Contains(
            "calibrated", Assert.Throws<InferometerException>(() => lowRank.ToCompression(tales.Model)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "low, med, high", Assert.Throws<InferometerException>(() => lowRank.ToCompression(tales.Model, "most")).Message,
            StringComparison.Ordinal);
    }
}
