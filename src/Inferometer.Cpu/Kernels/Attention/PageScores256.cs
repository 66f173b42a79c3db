using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>Scores of one page with one or four queries: 256-bit vectors, two to a page.</summary>
internal static unsafe class PageScores256
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times4<TElement>(byte* keys, float* queries, int keyDim, float* scores, int stride)
        where TElement : struct, IStoredFloat
    {
        Vector256<float> s00 = default, s10 = default, s20 = default, s30 = default;
        Vector256<float> s01 = default, s11 = default, s21 = default, s31 = default;
        for (int d = 0; d < keyDim; d++)
        {
            Vector256<float> k0 = TElement.Load256(keys);
            Vector256<float> k1 = TElement.Load256(keys + 8 * TElement.Bytes);
            Vector256<float> q0 = Vector256.Create(queries[0]);
            s00 = Vector256.FusedMultiplyAdd(k0, q0, s00);
            s01 = Vector256.FusedMultiplyAdd(k1, q0, s01);
            Vector256<float> q1 = Vector256.Create(queries[1]);
            s10 = Vector256.FusedMultiplyAdd(k0, q1, s10);
            s11 = Vector256.FusedMultiplyAdd(k1, q1, s11);
            Vector256<float> q2 = Vector256.Create(queries[2]);
            s20 = Vector256.FusedMultiplyAdd(k0, q2, s20);
            s21 = Vector256.FusedMultiplyAdd(k1, q2, s21);
            Vector256<float> q3 = Vector256.Create(queries[3]);
            s30 = Vector256.FusedMultiplyAdd(k0, q3, s30);
            s31 = Vector256.FusedMultiplyAdd(k1, q3, s31);
            keys += 16 * TElement.Bytes;
            queries += KvCodec.QueryGroup;
        }

        s00.Store(scores);
        s01.Store(scores + 8);
        s10.Store(scores + stride);
        s11.Store(scores + stride + 8);
        s20.Store(scores + 2 * stride);
        s21.Store(scores + 2 * stride + 8);
        s30.Store(scores + 3 * stride);
        s31.Store(scores + 3 * stride + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times1<TElement>(byte* keys, float* queries, int keyDim, float* scores, int stride)
        where TElement : struct, IStoredFloat
    {
        Vector256<float> even0 = default, odd0 = default, even1 = default, odd1 = default;
        int d = 0;
        for (; d <= keyDim - 2; d += 2)
        {
            even0 = Vector256.FusedMultiplyAdd(TElement.Load256(keys), Vector256.Create(queries[0]), even0);
            odd0 = Vector256.FusedMultiplyAdd(
                TElement.Load256(keys + 16 * TElement.Bytes), Vector256.Create(queries[KvCodec.QueryGroup]), odd0);
            even1 = Vector256.FusedMultiplyAdd(TElement.Load256(keys + 8 * TElement.Bytes), Vector256.Create(queries[0]), even1);
            odd1 = Vector256.FusedMultiplyAdd(
                TElement.Load256(keys + 24 * TElement.Bytes), Vector256.Create(queries[KvCodec.QueryGroup]), odd1);
            keys += 32 * TElement.Bytes;
            queries += 2 * KvCodec.QueryGroup;
        }

        if (d < keyDim)
        {
            even0 = Vector256.FusedMultiplyAdd(TElement.Load256(keys), Vector256.Create(queries[0]), even0);
            even1 = Vector256.FusedMultiplyAdd(TElement.Load256(keys + 8 * TElement.Bytes), Vector256.Create(queries[0]), even1);
        }

        (even0 + odd0).Store(scores);
        (even1 + odd1).Store(scores + 8);
    }
}
