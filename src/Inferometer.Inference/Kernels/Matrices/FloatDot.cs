using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>Dot product of two f32 vectors.</summary>
internal static unsafe class FloatDot
{
    /// <summary>Sum of <paramref name="count"/> products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Compute(float* a, float* b, int count)
    {
        int i = 0;
        float sum = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            sum = Compute512(a, b, count, ref i);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            sum = Compute256(a, b, count, ref i);
        }

        for (; i < count; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    private static float Compute512(float* a, float* b, int count, ref int i)
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (; i <= count - 64; i += 64)
        {
            s0 = Vector512.FusedMultiplyAdd(Vector512.Load(a + i), Vector512.Load(b + i), s0);
            s1 = Vector512.FusedMultiplyAdd(Vector512.Load(a + i + 16), Vector512.Load(b + i + 16), s1);
            s2 = Vector512.FusedMultiplyAdd(Vector512.Load(a + i + 32), Vector512.Load(b + i + 32), s2);
            s3 = Vector512.FusedMultiplyAdd(Vector512.Load(a + i + 48), Vector512.Load(b + i + 48), s3);
        }

        for (; i <= count - 16; i += 16)
        {
            s0 = Vector512.FusedMultiplyAdd(Vector512.Load(a + i), Vector512.Load(b + i), s0);
        }

        return Vector512.Sum((s0 + s1) + (s2 + s3));
    }

    private static float Compute256(float* a, float* b, int count, ref int i)
    {
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (; i <= count - 32; i += 32)
        {
            s0 = Vector256.FusedMultiplyAdd(Vector256.Load(a + i), Vector256.Load(b + i), s0);
            s1 = Vector256.FusedMultiplyAdd(Vector256.Load(a + i + 8), Vector256.Load(b + i + 8), s1);
            s2 = Vector256.FusedMultiplyAdd(Vector256.Load(a + i + 16), Vector256.Load(b + i + 16), s2);
            s3 = Vector256.FusedMultiplyAdd(Vector256.Load(a + i + 24), Vector256.Load(b + i + 24), s3);
        }

        for (; i <= count - 8; i += 8)
        {
            s0 = Vector256.FusedMultiplyAdd(Vector256.Load(a + i), Vector256.Load(b + i), s0);
        }

        return Vector256.Sum((s0 + s1) + (s2 + s3));
    }
}
