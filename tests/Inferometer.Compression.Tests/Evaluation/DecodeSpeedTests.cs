using Inferometer.Compression.Cache;
using Inferometer.Compression.Evaluation;
using Inferometer.Cpu.Execution;

namespace Inferometer.Compression.Tests.Evaluation;

public sealed class DecodeSpeedTests(Tales tales) : IClassFixture<Tales>
{
    [Fact]
    public void Speed_is_measured_over_exact_and_compressed_caches()
    {
        using KvCache exact = tales.Model.CreateCache(16);
        using KvCache compressed = KvCompression.RotatedQuantization(tales.Model, 8).CreateCache(16, 1, 128);
        Assert.True(DecodeSpeed.Measure(tales.Model, exact, 200, 8, TestContext.Current.CancellationToken) > 0);
        Assert.True(DecodeSpeed.Measure(tales.Model, compressed, 200, 8, TestContext.Current.CancellationToken) > 0);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => DecodeSpeed.Measure(tales.Model, exact, 4, 8, TestContext.Current.CancellationToken));
    }
}
