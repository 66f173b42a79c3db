using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Elementwise;

/// <summary>Softmax over a span: e^(x - max) / sum.</summary>
public static class Softmax
{
    /// <summary>
    /// In place. Negative infinity gives exactly 0; a span of nothing but negative infinity gives NaN, as the definition does.
    /// </summary>
    public static void Apply(Span<float> x)
    {
        if (!x.IsEmpty)
        {
            float sum = ExpAndSum(x, Reductions.Max(x), 1);
            TensorPrimitives.Multiply(x, 1 / sum, x);
        }
    }

    /// <summary>x = e^(x - max) * <paramref name="scale"/>, in place; returns the sum without the scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float ExpAndSum(Span<float> x, float max, float scale)
    {
        ref float rx = ref MemoryMarshal.GetReference(x);
        int i = 0;
        float sum = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<float> sums = default;
            for (; i <= x.Length - 16; i += 16)
            {
                Vector512<float> e = VectorExp.Exp(Vector512.LoadUnsafe(ref rx, (nuint)i) - Vector512.Create(max));
                (e * scale).StoreUnsafe(ref rx, (nuint)i);
                sums += e;
            }

            sum = Vector512.Sum(sums);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Vector256<float> sums = default;
            for (; i <= x.Length - 8; i += 8)
            {
                Vector256<float> e = VectorExp.Exp(Vector256.LoadUnsafe(ref rx, (nuint)i) - Vector256.Create(max));
                (e * scale).StoreUnsafe(ref rx, (nuint)i);
                sums += e;
            }

            sum = Vector256.Sum(sums);
        }

        else if (Vector128.IsHardwareAccelerated)
        {
            Vector128<float> sums = default;
            for (; i <= x.Length - 4; i += 4)
            {
                Vector128<float> e = VectorExp.Exp(Vector128.LoadUnsafe(ref rx, (nuint)i) - Vector128.Create(max));
                (e * scale).StoreUnsafe(ref rx, (nuint)i);
                sums += e;
            }

            sum = Vector128.Sum(sums);
        }

        for (; i < x.Length; i++)
        {
            float e = MathF.Exp(x[i] - max);
            x[i] = e * scale;
            sum += e;
        }

        return sum;
    }

    /// <summary>The definition, in double precision.</summary>
    internal static void Reference(ReadOnlySpan<float> x, Span<float> y)
    {
        double max = double.NegativeInfinity;
        foreach (float value in x)
        {
            max = Math.Max(max, value);
        }

        double sum = 0;
        foreach (float value in x)
        {
            sum += Math.Exp(value - max);
        }

        for (int i = 0; i < x.Length; i++)
        {
            y[i] = (float)(Math.Exp(x[i] - max) / sum);
        }
    }
}
