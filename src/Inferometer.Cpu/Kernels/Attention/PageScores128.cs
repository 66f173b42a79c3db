using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>Scores of one page with one or four queries: 128-bit vectors, four to a page, in the sixteen registers of x86.</summary>
internal static unsafe class PageScores128
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times4<TElement>(byte* keys, float* queries, int keyDim, float* scores, int stride)
        where TElement : struct, IStoredFloat
    {
        for (int half = 0; half < 2; half++)
        {
            Vector128<float> s00 = default, s10 = default, s20 = default, s30 = default;
            Vector128<float> s01 = default, s11 = default, s21 = default, s31 = default;
            byte* key = keys + half * 8 * TElement.Bytes;
            float* query = queries;
            for (int d = 0; d < keyDim; d++)
            {
                Vector128<float> k0 = TElement.Load128(key);
                Vector128<float> k1 = TElement.Load128(key + 4 * TElement.Bytes);
                Vector128<float> q0 = Vector128.Create(query[0]);
                s00 = Vector128.MultiplyAddEstimate(k0, q0, s00);
                s01 = Vector128.MultiplyAddEstimate(k1, q0, s01);
                Vector128<float> q1 = Vector128.Create(query[1]);
                s10 = Vector128.MultiplyAddEstimate(k0, q1, s10);
                s11 = Vector128.MultiplyAddEstimate(k1, q1, s11);
                Vector128<float> q2 = Vector128.Create(query[2]);
                s20 = Vector128.MultiplyAddEstimate(k0, q2, s20);
                s21 = Vector128.MultiplyAddEstimate(k1, q2, s21);
                Vector128<float> q3 = Vector128.Create(query[3]);
                s30 = Vector128.MultiplyAddEstimate(k0, q3, s30);
                s31 = Vector128.MultiplyAddEstimate(k1, q3, s31);
                key += 16 * TElement.Bytes;
                query += KvCodec.QueryGroup;
            }

            float* target = scores + 8 * half;
            s00.Store(target);
            s01.Store(target + 4);
            s10.Store(target + stride);
            s11.Store(target + stride + 4);
            s20.Store(target + 2 * stride);
            s21.Store(target + 2 * stride + 4);
            s30.Store(target + 3 * stride);
            s31.Store(target + 3 * stride + 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times1<TElement>(byte* keys, float* queries, int keyDim, float* scores, int stride)
        where TElement : struct, IStoredFloat
    {
        Vector128<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (int d = 0; d < keyDim; d++)
        {
            Vector128<float> q = Vector128.Create(queries[0]);
            s0 = Vector128.MultiplyAddEstimate(TElement.Load128(keys), q, s0);
            s1 = Vector128.MultiplyAddEstimate(TElement.Load128(keys + 4 * TElement.Bytes), q, s1);
            s2 = Vector128.MultiplyAddEstimate(TElement.Load128(keys + 8 * TElement.Bytes), q, s2);
            s3 = Vector128.MultiplyAddEstimate(TElement.Load128(keys + 12 * TElement.Bytes), q, s3);
            keys += 16 * TElement.Bytes;
            queries += KvCodec.QueryGroup;
        }

        s0.Store(scores);
        s1.Store(scores + 4);
        s2.Store(scores + 8);
        s3.Store(scores + 12);
    }
}
