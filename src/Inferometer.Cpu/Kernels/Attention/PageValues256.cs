using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>Sums of the values of some pages, 16 channels at a time for one or four queries: 256-bit vectors.</summary>
internal static unsafe class PageValues256
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add4x16<TElement>(
        byte** pages, long offset, int valueBytes, float* probabilities, int stride, int tokens, float* sums, int width)
        where TElement : struct, IStoredFloat
    {
        Vector256<float> a00 = Vector256.Load(sums), a01 = Vector256.Load(sums + 8);
        Vector256<float> a10 = Vector256.Load(sums + width), a11 = Vector256.Load(sums + width + 8);
        Vector256<float> a20 = Vector256.Load(sums + 2 * width), a21 = Vector256.Load(sums + 2 * width + 8);
        Vector256<float> a30 = Vector256.Load(sums + 3 * width), a31 = Vector256.Load(sums + 3 * width + 8);
        for (; tokens > 0; tokens -= KvPageLayout.PageTokens)
        {
            byte* values = *pages++ + offset;
            int present = Math.Min(tokens, KvPageLayout.PageTokens);
            for (int t = 0; t < present; t++)
            {
                Vector256<float> v0 = TElement.Load256(values);
                Vector256<float> v1 = TElement.Load256(values + 8 * TElement.Bytes);
                Vector256<float> p0 = Vector256.Create(probabilities[t]);
                a00 = Vector256.FusedMultiplyAdd(v0, p0, a00);
                a01 = Vector256.FusedMultiplyAdd(v1, p0, a01);
                Vector256<float> p1 = Vector256.Create(probabilities[stride + t]);
                a10 = Vector256.FusedMultiplyAdd(v0, p1, a10);
                a11 = Vector256.FusedMultiplyAdd(v1, p1, a11);
                Vector256<float> p2 = Vector256.Create(probabilities[2 * stride + t]);
                a20 = Vector256.FusedMultiplyAdd(v0, p2, a20);
                a21 = Vector256.FusedMultiplyAdd(v1, p2, a21);
                Vector256<float> p3 = Vector256.Create(probabilities[3 * stride + t]);
                a30 = Vector256.FusedMultiplyAdd(v0, p3, a30);
                a31 = Vector256.FusedMultiplyAdd(v1, p3, a31);
                values += valueBytes;
            }

            probabilities += KvPageLayout.PageTokens;
        }

        a00.Store(sums);
        a01.Store(sums + 8);
        a10.Store(sums + width);
        a11.Store(sums + width + 8);
        a20.Store(sums + 2 * width);
        a21.Store(sums + 2 * width + 8);
        a30.Store(sums + 3 * width);
        a31.Store(sums + 3 * width + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add1x16<TElement>(
        byte** pages, long offset, int valueBytes, float* probabilities, int stride, int tokens, float* sums, int width)
        where TElement : struct, IStoredFloat
    {
        Vector256<float> a00 = Vector256.Load(sums), a01 = Vector256.Load(sums + 8);
        for (; tokens > 0; tokens -= KvPageLayout.PageTokens)
        {
            byte* values = *pages++ + offset;
            int present = Math.Min(tokens, KvPageLayout.PageTokens);
            for (int t = 0; t < present; t++)
            {
                Vector256<float> v0 = TElement.Load256(values);
                Vector256<float> v1 = TElement.Load256(values + 8 * TElement.Bytes);
                Vector256<float> p0 = Vector256.Create(probabilities[t]);
                a00 = Vector256.FusedMultiplyAdd(v0, p0, a00);
                a01 = Vector256.FusedMultiplyAdd(v1, p0, a01);
                values += valueBytes;
            }

            probabilities += KvPageLayout.PageTokens;
        }

        a00.Store(sums);
        a01.Store(sums + 8);
    }
}
