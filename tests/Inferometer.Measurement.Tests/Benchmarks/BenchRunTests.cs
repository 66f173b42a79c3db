using Inferometer.Compression;
using Inferometer.Core;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Weights;
using Inferometer.Measurement.Benchmarks;
using Inferometer.Measurement.Models;

namespace Inferometer.Measurement.Tests.Benchmarks;

public class BenchRunTests
{
    private static readonly BenchRequest Request = new()
    {
        Model = SmallModels.StoredBundled,
        Tests = [new BenchTest(6, 0, 0, 1), new BenchTest(0, 3, 4, 2)],
        Threads = [1, 2],
        Repetitions = 2,
        WarmUp = TimeSpan.Zero,
        Cache = new BenchCache(KvElement.F16, null),
    };

    [Fact]
    public void Every_test_is_timed_with_every_count_of_threads()
    {
        int done = 0;
        List<RepackedFileOutcome> loaded = [];
        IReadOnlyList<BenchResult> results = BenchRun.Measure(
            Request, () => done++, report => loaded.Add(report.Outcome), TestContext.Current.CancellationToken);
        Assert.Equal(["pp6", "tg3 @ d4 x 2", "pp6", "tg3 @ d4 x 2"], results.Select(r => r.Samples.Test.Name));
        Assert.Equal([1, 1, 2, 2], results.Select(r => r.Limits!.Threads));
        Assert.All(results, r => Assert.True(r is { LimitRate: > 0, Samples: { Seconds.Count: 2, MeanRate: > 0 } }));
        Assert.Equal(8, done);
        Assert.Equal(2, loaded.Count);
    }

    [Fact]
    public void It_stops_when_it_is_told_to()
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        int done = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => BenchRun.Measure(
            Request, () => { done++; stop.Cancel(); }, cancellationToken: stop.Token));
        Assert.Equal(1, done);
    }

    [Fact]
    public void A_model_that_is_not_there_is_one_error()
    {
        StoredModel missing = SmallModels.StoredBundled with { Path = "missing.gguf" };
        Exception error = Assert.ThrowsAny<Exception>(() => BenchRun.Measure(
            Request with { Model = missing }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.True(error is InferometerException or FileNotFoundException, error.ToString());
        Assert.Contains("missing.gguf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_compressed_cache_has_its_own_name_and_fewer_bytes()
    {
        BenchCache exact = Request.Cache, compressed = new(KvElement.F16, KvCacheSetting.Parse("q8"));
        Assert.Equal(("f16", "q8"), (exact.Name, compressed.Name));

        // 6 layers, keys and values of 2 heads of 64: 2 bytes each, or 1 byte and a scale.
        Assert.Equal(3072, exact.BytesPerToken(SmallModels.StoredBundled.Architecture));
        Assert.Equal(1632, compressed.BytesPerToken(SmallModels.StoredBundled.Architecture));
    }
}
