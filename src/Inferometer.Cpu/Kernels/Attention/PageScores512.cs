using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>
/// Scores of one page, [keyDim][16] keys, with one, four or eight queries interleaved [keyDim][8]: 512-bit vectors, a lane per token.
/// </summary>
internal static unsafe class PageScores512
{
    /// <summary>
    /// Two pages at a time, whose scores stand side by side; also asks for 16 numbers of <c>ahead0</c> and of <c>ahead1</c> per channel.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times8x2<TElement>(
        byte* keys0, byte* keys1, byte* ahead0, byte* ahead1, float* queries, int keyDim, float* scores, int stride)
        where TElement : struct, IStoredFloat
    {
        Vector512<float> s00 = default, s10 = default, s20 = default, s30 = default, s40 = default, s50 = default, s60 = default,
            s70 = default;
        Vector512<float> s01 = default, s11 = default, s21 = default, s31 = default, s41 = default, s51 = default, s61 = default,
            s71 = default;
        nint step = 16 * TElement.Bytes;
        for (nint position = 0; position < keyDim * step; position += step)
        {
            Sse.Prefetch1(ahead0 + position);
            Sse.Prefetch1(ahead1 + position);
            Vector512<float> k0 = TElement.Load512(keys0 + position);
            Vector512<float> k1 = TElement.Load512(keys1 + position);
            Vector512<float> q0 = Vector512.Create(queries[0]);
            s00 = Vector512.FusedMultiplyAdd(k0, q0, s00);
            s01 = Vector512.FusedMultiplyAdd(k1, q0, s01);
            Vector512<float> q1 = Vector512.Create(queries[1]);
            s10 = Vector512.FusedMultiplyAdd(k0, q1, s10);
            s11 = Vector512.FusedMultiplyAdd(k1, q1, s11);
            Vector512<float> q2 = Vector512.Create(queries[2]);
            s20 = Vector512.FusedMultiplyAdd(k0, q2, s20);
            s21 = Vector512.FusedMultiplyAdd(k1, q2, s21);
            Vector512<float> q3 = Vector512.Create(queries[3]);
            s30 = Vector512.FusedMultiplyAdd(k0, q3, s30);
            s31 = Vector512.FusedMultiplyAdd(k1, q3, s31);
            Vector512<float> q4 = Vector512.Create(queries[4]);
            s40 = Vector512.FusedMultiplyAdd(k0, q4, s40);
            s41 = Vector512.FusedMultiplyAdd(k1, q4, s41);
            Vector512<float> q5 = Vector512.Create(queries[5]);
            s50 = Vector512.FusedMultiplyAdd(k0, q5, s50);
            s51 = Vector512.FusedMultiplyAdd(k1, q5, s51);
            Vector512<float> q6 = Vector512.Create(queries[6]);
            s60 = Vector512.FusedMultiplyAdd(k0, q6, s60);
            s61 = Vector512.FusedMultiplyAdd(k1, q6, s61);
            Vector512<float> q7 = Vector512.Create(queries[7]);
            s70 = Vector512.FusedMultiplyAdd(k0, q7, s70);
            s71 = Vector512.FusedMultiplyAdd(k1, q7, s71);
            queries += KvCodec.QueryGroup;
        }

        s00.Store(scores);
        s01.Store(scores + 16);
        s10.Store(scores + stride);
        s11.Store(scores + stride + 16);
        s20.Store(scores + 2 * stride);
        s21.Store(scores + 2 * stride + 16);
        s30.Store(scores + 3 * stride);
        s31.Store(scores + 3 * stride + 16);
        s40.Store(scores + 4 * stride);
        s41.Store(scores + 4 * stride + 16);
        s50.Store(scores + 5 * stride);
        s51.Store(scores + 5 * stride + 16);
        s60.Store(scores + 6 * stride);
        s61.Store(scores + 6 * stride + 16);
        s70.Store(scores + 7 * stride);
        s71.Store(scores + 7 * stride + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times8<TElement>(byte* keys, float* queries, int keyDim, float* scores, int stride)
        where TElement : struct, IStoredFloat
    {
        Vector512<float> s00 = default, s10 = default, s20 = default, s30 = default, s40 = default, s50 = default, s60 = default,
            s70 = default;
        for (int d = 0; d < keyDim; d++)
        {
            Vector512<float> k0 = TElement.Load512(keys);
            s00 = Vector512.FusedMultiplyAdd(k0, Vector512.Create(queries[0]), s00);
            s10 = Vector512.FusedMultiplyAdd(k0, Vector512.Create(queries[1]), s10);
            s20 = Vector512.FusedMultiplyAdd(k0, Vector512.Create(queries[2]), s20);
            s30 = Vector512.FusedMultiplyAdd(k0, Vector512.Create(queries[3]), s30);
            s40 = Vector512.FusedMultiplyAdd(k0, Vector512.Create(queries[4]), s40);
            s50 = Vector512.FusedMultiplyAdd(k0, Vector512.Create(queries[5]), s50);
            s60 = Vector512.FusedMultiplyAdd(k0, Vector512.Create(queries[6]), s60);
            s70 = Vector512.FusedMultiplyAdd(k0, Vector512.Create(queries[7]), s70);
            keys += 16 * TElement.Bytes;
            queries += KvCodec.QueryGroup;
        }

        s00.Store(scores);
        s10.Store(scores + stride);
        s20.Store(scores + 2 * stride);
        s30.Store(scores + 3 * stride);
        s40.Store(scores + 4 * stride);
        s50.Store(scores + 5 * stride);
        s60.Store(scores + 6 * stride);
        s70.Store(scores + 7 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times4<TElement>(byte* keys, float* queries, int keyDim, float* scores, int stride)
        where TElement : struct, IStoredFloat
    {
        Vector512<float> s00 = default, s10 = default, s20 = default, s30 = default;
        for (int d = 0; d < keyDim; d++)
        {
            Vector512<float> k0 = TElement.Load512(keys);
            s00 = Vector512.FusedMultiplyAdd(k0, Vector512.Create(queries[0]), s00);
            s10 = Vector512.FusedMultiplyAdd(k0, Vector512.Create(queries[1]), s10);
            s20 = Vector512.FusedMultiplyAdd(k0, Vector512.Create(queries[2]), s20);
            s30 = Vector512.FusedMultiplyAdd(k0, Vector512.Create(queries[3]), s30);
            keys += 16 * TElement.Bytes;
            queries += KvCodec.QueryGroup;
        }

        s00.Store(scores);
        s10.Store(scores + stride);
        s20.Store(scores + 2 * stride);
        s30.Store(scores + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times1<TElement>(byte* keys, float* queries, int keyDim, float* scores, int stride)
        where TElement : struct, IStoredFloat
    {
        Vector512<float> even0 = default, odd0 = default;
        int d = 0;
        for (; d <= keyDim - 2; d += 2)
        {
            even0 = Vector512.FusedMultiplyAdd(TElement.Load512(keys), Vector512.Create(queries[0]), even0);
            odd0 = Vector512.FusedMultiplyAdd(
                TElement.Load512(keys + 16 * TElement.Bytes), Vector512.Create(queries[KvCodec.QueryGroup]), odd0);
            keys += 32 * TElement.Bytes;
            queries += 2 * KvCodec.QueryGroup;
        }

        if (d < keyDim)
        {
            even0 = Vector512.FusedMultiplyAdd(TElement.Load512(keys), Vector512.Create(queries[0]), even0);
        }

        (even0 + odd0).Store(scores);
    }
}
