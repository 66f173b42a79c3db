using BenchmarkDotNet.Attributes;
using Inferometer.Cpu.Kernels.Elementwise;

namespace Inferometer.Benchmarks.Kernels;

/// <summary>What a layer does between its matrices, for one token of the 1.1B llama shape.</summary>
[MemoryDiagnoser]
public class ElementwiseBenchmarks
{
    private readonly float[] _x = Values(5632), _y = Values(5632), _target = new float[5632];
    private readonly float[] _cos = Values(32), _sin = Values(32);

    [Benchmark]
    public void Norm() => RmsNorm.Apply(_x.AsSpan(0, 2048), _y.AsSpan(0, 2048), 1e-5f, _target.AsSpan(0, 2048));

    [Benchmark]
    public void GatedSilu() => GatedActivation.Silu(_x, _y, _target);

    [Benchmark]
    public void GatedGelu() => GatedActivation.GeluTanh(_x, _y, _target);

    [Benchmark]
    public void RotateHalves() => Rope.RotateHalves(_target.AsSpan(0, 2048), 64, _cos, _sin);

    [Benchmark]
    public void RotatePairs() => Rope.RotatePairs(_target.AsSpan(0, 2048), 64, _cos, _sin);

    [Benchmark]
    public int ArgMax() => Reductions.ArgMax(_x);

    private static float[] Values(int count)
    {
        Random random = new(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
