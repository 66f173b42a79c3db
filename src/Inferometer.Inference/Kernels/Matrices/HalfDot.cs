using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>Dot product of a row of f16 or bf16 weights with f32 activations: the decode kernel of those formats, bound by memory.</summary>
internal static unsafe class HalfDot
{
    /// <summary>Bytes ahead of the current position that are asked for; memory latency times bandwidth of one core.</summary>
    private const int PrefetchBytes = 4096;

    /// <summary>Sum of <paramref name="count"/> products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Compute(ushort* weights, float* x, int count, bool brain)
    {
        int i = 0;
        float sum = 0;
        if (Avx512F.IsSupported)
        {
            sum = brain ? Brain512(weights, x, count, ref i) : Half512(weights, x, count, ref i);
        }
        else if (Avx2.IsSupported)
        {
            sum = brain ? Brain256(weights, x, count, ref i) : Half256(weights, x, count, ref i);
        }

        for (; i < count; i++)
        {
            sum += x[i] * (brain ? BitConverter.Int32BitsToSingle(weights[i] << 16) : (float)BitConverter.UInt16BitsToHalf(weights[i]));
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Half512(ushort* w, float* x, int count, ref int position)
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
        int i = 0;
        for (; i <= count - 64; i += 64)
        {
            Sse.Prefetch0((byte*)(w + i) + PrefetchBytes);
            Sse.Prefetch0((byte*)(w + i) + PrefetchBytes + 64);
            s0 = Avx512F.FusedMultiplyAdd(HalfBits.Load512(w + i), Vector512.Load(x + i), s0);
            s1 = Avx512F.FusedMultiplyAdd(HalfBits.Load512(w + i + 16), Vector512.Load(x + i + 16), s1);
            s2 = Avx512F.FusedMultiplyAdd(HalfBits.Load512(w + i + 32), Vector512.Load(x + i + 32), s2);
            s3 = Avx512F.FusedMultiplyAdd(HalfBits.Load512(w + i + 48), Vector512.Load(x + i + 48), s3);
        }

        for (; i <= count - 16; i += 16)
        {
            s0 = Avx512F.FusedMultiplyAdd(HalfBits.Load512(w + i), Vector512.Load(x + i), s0);
        }

        position = i;
        return Vector512.Sum((s0 + s1) + (s2 + s3)) * HalfBits.Scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Brain512(ushort* w, float* x, int count, ref int position)
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
        int i = 0;
        for (; i <= count - 64; i += 64)
        {
            Sse.Prefetch0((byte*)(w + i) + PrefetchBytes);
            Sse.Prefetch0((byte*)(w + i) + PrefetchBytes + 64);
            s0 = Avx512F.FusedMultiplyAdd(HalfBits.LoadBrain512(w + i), Vector512.Load(x + i), s0);
            s1 = Avx512F.FusedMultiplyAdd(HalfBits.LoadBrain512(w + i + 16), Vector512.Load(x + i + 16), s1);
            s2 = Avx512F.FusedMultiplyAdd(HalfBits.LoadBrain512(w + i + 32), Vector512.Load(x + i + 32), s2);
            s3 = Avx512F.FusedMultiplyAdd(HalfBits.LoadBrain512(w + i + 48), Vector512.Load(x + i + 48), s3);
        }

        for (; i <= count - 16; i += 16)
        {
            s0 = Avx512F.FusedMultiplyAdd(HalfBits.LoadBrain512(w + i), Vector512.Load(x + i), s0);
        }

        position = i;
        return Vector512.Sum((s0 + s1) + (s2 + s3));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Half256(ushort* w, float* x, int count, ref int position)
    {
        Vector256<float> s0 = default, s1 = default;
        int i = 0;
        for (; i <= count - 16; i += 16)
        {
            s0 = Vector256.FusedMultiplyAdd(HalfBits.Load256(w + i), Vector256.Load(x + i), s0);
            s1 = Vector256.FusedMultiplyAdd(HalfBits.Load256(w + i + 8), Vector256.Load(x + i + 8), s1);
        }

        position = i;
        return Vector256.Sum(s0 + s1) * HalfBits.Scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Brain256(ushort* w, float* x, int count, ref int position)
    {
        Vector256<float> s0 = default, s1 = default;
        int i = 0;
        for (; i <= count - 16; i += 16)
        {
            s0 = Vector256.FusedMultiplyAdd(HalfBits.LoadBrain256(w + i), Vector256.Load(x + i), s0);
            s1 = Vector256.FusedMultiplyAdd(HalfBits.LoadBrain256(w + i + 8), Vector256.Load(x + i + 8), s1);
        }

        position = i;
        return Vector256.Sum(s0 + s1);
    }
}
