using BenchmarkDotNet.Attributes;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Threading;

namespace Inferometer.Benchmarks.Kernels;

/// <summary>Attention of one layer over 4096 tokens of context: in tiles, and with the scores stored.</summary>
[MemoryDiagnoser]
public class AttentionBenchmarks
{
    private WorkerPool _pool = null!;
    private AttentionFixture _fixture = null!;

    /// <summary>Format of keys and values.</summary>
    [Params(KvElement.F16, KvElement.F32)]
    public KvElement Element { get; set; }

    /// <summary>New tokens: one decodes, 128 are a chunk of a prompt.</summary>
    [Params(1, 128)]
    public int QueryTokens { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _pool = new WorkerPool(Environment.ProcessorCount);
        _fixture = new AttentionFixture(_pool, 4096, QueryTokens, Element);
    }

    [GlobalCleanup]
    public void Release()
    {
        _fixture.Dispose();
        _pool.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void Standard() => _fixture.Standard();

    [Benchmark]
    public void Flash() => _fixture.Flash();
}
