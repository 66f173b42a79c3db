using BenchmarkDotNet.Attributes;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Threading;

namespace Inferometer.Benchmarks.Kernels;

/// <summary>One 5632 x 2048 matrix times the activations of one token, a batch and a prompt; warm calls allocate nothing.</summary>
[MemoryDiagnoser]
public class MatrixBenchmarks
{
    private const int Rows = 5632;
    private const int Columns = 2048;
    private WorkerPool _pool = null!;
    private MatrixMultiplier _multiplier = null!;
    private SyntheticWeights _weights = null!;
    private float[] _x = [];
    private float[] _y = [];

    /// <summary>Stored format.</summary>
    [Params(
        GgmlType.F32, GgmlType.F16, GgmlType.BF16, GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q4_K, GgmlType.Q6_K, GgmlType.Q2_K, GgmlType.Q3_K,
        GgmlType.IQ4_NL, GgmlType.IQ4_XS, GgmlType.MXFP4)]
    public GgmlType Type { get; set; }

    /// <summary>Tokens of the step.</summary>
    [Params(1, 8, 512)]
    public int Tokens { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _pool = new WorkerPool(Environment.ProcessorCount);
        _multiplier = new MatrixMultiplier(_pool);
        _weights = new SyntheticWeights(Type, Rows, Columns, 1, _pool);
        _x = new float[Tokens * Columns];
        _y = new float[Tokens * Rows];
        Array.Fill(_x, 0.5f);
    }

    [GlobalCleanup]
    public void Release()
    {
        _weights.Dispose();
        _multiplier.Dispose();
        _pool.Dispose();
    }

    [Benchmark]
    public void Multiply() => _multiplier.Multiply(_x, Tokens, _weights.Matrices[0], _y);
}
