using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Inference.Kernels.Attention;

/// <summary>Scores of one page, [keyDim][16] keys, with one, four or eight queries interleaved [keyDim][8]: 512-bit vectors, a lane per token.</summary>
internal static unsafe class PageScores512
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times8<TElement>(byte* keys, float* queries, int keyDim, float* scores, int stride)
        where TElement : struct, IStoredFloat
    {
        Vector512<float> s00 = default, s10 = default, s20 = default, s30 = default, s40 = default, s50 = default, s60 = default, s70 = default;
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
            odd0 = Vector512.FusedMultiplyAdd(TElement.Load512(keys + 16 * TElement.Bytes), Vector512.Create(queries[KvCodec.QueryGroup]), odd0);
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
