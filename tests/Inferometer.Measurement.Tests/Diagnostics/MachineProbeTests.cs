using Inferometer.Cpu.Threading;
using Inferometer.Measurement.Diagnostics;

namespace Inferometer.Measurement.Tests.Diagnostics;

public sealed class MachineProbeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Limits_are_positive_and_name_their_threads(int threads)
    {
        using WorkerPool pool = new(threads);
        MachineLimits limits = MachineProbe.Measure(pool, 0.01, 4 << 20, TestContext.Current.CancellationToken);
        Assert.Equal(threads, limits.Threads);
        Assert.True(limits.ReadGBps > 0);
        Assert.True(limits.FloatGops > 0);
        Assert.True(limits.Int8Gops >= 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Starting_a_piece_of_work_takes_time_and_ends(int threads)
    {
        using WorkerPool pool = new(threads);
        Assert.InRange(MachineProbe.MeasureDispatch(pool), 1e-12, 10);
    }

    [Fact]
    public void A_cache_is_faster_than_the_memory_behind_it_and_smaller()
    {
        using WorkerPool pool = new(1);
        if (MachineProbe.MeasureCache(pool, TestContext.Current.CancellationToken) is not { } cache)
        {
            Assert.Skip("this machine reads small stretches of memory no faster than large ones");
            return;
        }

        Assert.InRange(cache.Bytes, 4 << 20, 512 << 20);
        double memory = 0.8 * cache.Bandwidth;
        Assert.InRange(cache.BandwidthOf(cache.Bytes, memory), memory, cache.Bandwidth);
    }

    [Fact]
    public void Cancellation_stops_the_probe()
    {
        using WorkerPool pool = new(1);
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => MachineProbe.Measure(pool, 10, 1 << 20, source.Token));
    }
}
