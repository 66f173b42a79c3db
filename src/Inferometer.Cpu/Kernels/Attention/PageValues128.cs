using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>Sums of the values of some pages, 16 channels at a time for one query or 8 for four: 128-bit vectors.</summary>
internal static unsafe class PageValues128
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add4x8<TElement>(
        byte** pages, long offset, int valueBytes, float* probabilities, int stride, int tokens, float* sums, int width)
        where TElement : struct, IStoredFloat
    {
        Vector128<float> a00 = Vector128.Load(sums), a01 = Vector128.Load(sums + 4);
        Vector128<float> a10 = Vector128.Load(sums + width), a11 = Vector128.Load(sums + width + 4);
        Vector128<float> a20 = Vector128.Load(sums + 2 * width), a21 = Vector128.Load(sums + 2 * width + 4);
        Vector128<float> a30 = Vector128.Load(sums + 3 * width), a31 = Vector128.Load(sums + 3 * width + 4);
        for (; tokens > 0; tokens -= KvPageLayout.PageTokens)
        {
            byte* values = *pages++ + offset;
            int present = Math.Min(tokens, KvPageLayout.PageTokens);
            for (int t = 0; t < present; t++)
            {
                Vector128<float> v0 = TElement.Load128(values);
                Vector128<float> v1 = TElement.Load128(values + 4 * TElement.Bytes);
                Vector128<float> p0 = Vector128.Create(probabilities[t]);
                a00 = Vector128.MultiplyAddEstimate(v0, p0, a00);
                a01 = Vector128.MultiplyAddEstimate(v1, p0, a01);
                Vector128<float> p1 = Vector128.Create(probabilities[stride + t]);
                a10 = Vector128.MultiplyAddEstimate(v0, p1, a10);
                a11 = Vector128.MultiplyAddEstimate(v1, p1, a11);
                Vector128<float> p2 = Vector128.Create(probabilities[2 * stride + t]);
                a20 = Vector128.MultiplyAddEstimate(v0, p2, a20);
                a21 = Vector128.MultiplyAddEstimate(v1, p2, a21);
                Vector128<float> p3 = Vector128.Create(probabilities[3 * stride + t]);
                a30 = Vector128.MultiplyAddEstimate(v0, p3, a30);
                a31 = Vector128.MultiplyAddEstimate(v1, p3, a31);
                values += valueBytes;
            }

            probabilities += KvPageLayout.PageTokens;
        }

        a00.Store(sums);
        a01.Store(sums + 4);
        a10.Store(sums + width);
        a11.Store(sums + width + 4);
        a20.Store(sums + 2 * width);
        a21.Store(sums + 2 * width + 4);
        a30.Store(sums + 3 * width);
        a31.Store(sums + 3 * width + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add1x16<TElement>(
        byte** pages, long offset, int valueBytes, float* probabilities, int stride, int tokens, float* sums, int width)
        where TElement : struct, IStoredFloat
    {
        Vector128<float> a0 = Vector128.Load(sums), a1 = Vector128.Load(sums + 4);
        Vector128<float> a2 = Vector128.Load(sums + 8), a3 = Vector128.Load(sums + 12);
        for (; tokens > 0; tokens -= KvPageLayout.PageTokens)
        {
            byte* values = *pages++ + offset;
            int present = Math.Min(tokens, KvPageLayout.PageTokens);
            for (int t = 0; t < present; t++)
            {
                Vector128<float> p = Vector128.Create(probabilities[t]);
                a0 = Vector128.MultiplyAddEstimate(TElement.Load128(values), p, a0);
                a1 = Vector128.MultiplyAddEstimate(TElement.Load128(values + 4 * TElement.Bytes), p, a1);
                a2 = Vector128.MultiplyAddEstimate(TElement.Load128(values + 8 * TElement.Bytes), p, a2);
                a3 = Vector128.MultiplyAddEstimate(TElement.Load128(values + 12 * TElement.Bytes), p, a3);
                values += valueBytes;
            }

            probabilities += KvPageLayout.PageTokens;
        }

        a0.Store(sums);
        a1.Store(sums + 4);
        a2.Store(sums + 8);
        a3.Store(sums + 12);
    }
}
