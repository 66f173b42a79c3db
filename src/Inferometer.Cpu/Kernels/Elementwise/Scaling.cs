using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Elementwise;

/// <summary>Multiplying a vector by a number, and adding a multiple of one vector to another (expert mixing).</summary>
public static class Scaling
{
    /// <summary>x *= factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(Span<float> x, float factor)
    {
        int i = 0;
        for (; i <= x.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Span<float> eight = x.Slice(i, Vector256<float>.Count);
            (Vector256.Create<float>(eight) * factor).CopyTo(eight);
        }

        for (; i < x.Length; i++)
        {
            x[i] *= factor;
        }
    }

    /// <summary>y += factor * x. y is at least as long as x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddMultiple(ReadOnlySpan<float> x, float factor, Span<float> y)
    {
        int i = 0;
        for (; i <= x.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Span<float> eight = y.Slice(i, Vector256<float>.Count);
            (Vector256.Create(x.Slice(i, Vector256<float>.Count)) * factor + Vector256.Create<float>(eight)).CopyTo(eight);
        }

        for (; i < x.Length; i++)
        {
            y[i] += factor * x[i];
        }
    }
}
