using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Elementwise;

/// <summary>Maxima over a span; faster than those of TensorPrimitives, which have to find NaNs too.</summary>
public static class Reductions
{
    /// <summary>Largest element; negative infinity for none. Unspecified when there are NaNs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Max(ReadOnlySpan<float> x)
    {
        ref float rx = ref MemoryMarshal.GetReference(x);
        int i = 0;
        float max = float.NegativeInfinity;
        if (Vector512.IsHardwareAccelerated && x.Length >= 16)
        {
            Vector512<float> maxima = Vector512.LoadUnsafe(ref rx);
            for (i = 16; i <= x.Length - 16; i += 16)
            {
                maxima = Vector512.MaxNative(maxima, Vector512.LoadUnsafe(ref rx, (nuint)i));
            }

            Vector256<float> eight = Vector256.MaxNative(maxima.GetLower(), maxima.GetUpper());
            max = Across(Vector128.MaxNative(eight.GetLower(), eight.GetUpper()));
        }
        else if (Vector256.IsHardwareAccelerated && x.Length >= 8)
        {
            Vector256<float> maxima = Vector256.LoadUnsafe(ref rx);
            for (i = 8; i <= x.Length - 8; i += 8)
            {
                maxima = Vector256.MaxNative(maxima, Vector256.LoadUnsafe(ref rx, (nuint)i));
            }

            max = Across(Vector128.MaxNative(maxima.GetLower(), maxima.GetUpper()));
        }
        else if (Vector128.IsHardwareAccelerated && x.Length >= 4)
        {
            Vector128<float> maxima = Vector128.LoadUnsafe(ref rx);
            for (i = 4; i <= x.Length - 4; i += 4)
            {
                maxima = Vector128.MaxNative(maxima, Vector128.LoadUnsafe(ref rx, (nuint)i));
            }

            max = Across(maxima);
        }

        for (; i < x.Length; i++)
        {
            max = MathF.Max(max, x[i]);
        }

        return max;
    }

    /// <summary>Index of the first largest element; -1 for none. NaNs are never chosen unless all are NaN, which gives 0.</summary>
    public static int ArgMax(ReadOnlySpan<float> x)
    {
        int best = x.IsEmpty ? -1 : 0;
        float max = float.NegativeInfinity;
        for (int start = 0; start < x.Length; start += 1024)
        {
            // Most pieces hold no new maximum, and finding that out is a vector reduction.
            ReadOnlySpan<float> piece = x.Slice(start, Math.Min(1024, x.Length - start));
            if (Max(piece) <= max)
            {
                continue;
            }

            for (int i = 0; i < piece.Length; i++)
            {
                if (piece[i] > max)
                {
                    max = piece[i];
                    best = start + i;
                }
            }
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Across(Vector128<float> four)
    {
        Vector128<float> two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
