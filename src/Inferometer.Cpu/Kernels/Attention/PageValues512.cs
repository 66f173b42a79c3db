using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>
/// Sums of the values of some pages, weighted by the probabilities of one, four or eight queries, 16 or 32 channels at a time: 512-bit
/// vectors, a lane per channel.
/// </summary>
internal static unsafe class PageValues512
{
    /// <summary>Also asks for a kilobyte of each page of <c>ahead</c> from <c>aheadOffset</c> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add8x32<TElement>(
        byte** pages, long offset, byte** ahead, long aheadOffset, int valueBytes, float* probabilities, int stride, int tokens,
        float* sums, int width)
        where TElement : struct, IStoredFloat
    {
        Vector512<float> a00 = Vector512.Load(sums), a01 = Vector512.Load(sums + 16);
        Vector512<float> a10 = Vector512.Load(sums + width), a11 = Vector512.Load(sums + width + 16);
        Vector512<float> a20 = Vector512.Load(sums + 2 * width), a21 = Vector512.Load(sums + 2 * width + 16);
        Vector512<float> a30 = Vector512.Load(sums + 3 * width), a31 = Vector512.Load(sums + 3 * width + 16);
        Vector512<float> a40 = Vector512.Load(sums + 4 * width), a41 = Vector512.Load(sums + 4 * width + 16);
        Vector512<float> a50 = Vector512.Load(sums + 5 * width), a51 = Vector512.Load(sums + 5 * width + 16);
        Vector512<float> a60 = Vector512.Load(sums + 6 * width), a61 = Vector512.Load(sums + 6 * width + 16);
        Vector512<float> a70 = Vector512.Load(sums + 7 * width), a71 = Vector512.Load(sums + 7 * width + 16);
        for (; tokens > 0; tokens -= KvPageLayout.PageTokens)
        {
            byte* values = *pages++ + offset;
            byte* next = *ahead++ + aheadOffset;
            int present = Math.Min(tokens, KvPageLayout.PageTokens);
            for (int t = 0; t < present; t++)
            {
                Vector512<float> v0 = TElement.Load512(values);
                Vector512<float> v1 = TElement.Load512(values + 16 * TElement.Bytes);
                Vector512<float> p0 = Vector512.Create(probabilities[t]);
                a00 = Vector512.FusedMultiplyAdd(v0, p0, a00);
                a01 = Vector512.FusedMultiplyAdd(v1, p0, a01);
                Vector512<float> p1 = Vector512.Create(probabilities[stride + t]);
                a10 = Vector512.FusedMultiplyAdd(v0, p1, a10);
                a11 = Vector512.FusedMultiplyAdd(v1, p1, a11);
                Vector512<float> p2 = Vector512.Create(probabilities[2 * stride + t]);
                a20 = Vector512.FusedMultiplyAdd(v0, p2, a20);
                a21 = Vector512.FusedMultiplyAdd(v1, p2, a21);
                Vector512<float> p3 = Vector512.Create(probabilities[3 * stride + t]);
                a30 = Vector512.FusedMultiplyAdd(v0, p3, a30);
                a31 = Vector512.FusedMultiplyAdd(v1, p3, a31);
                Vector512<float> p4 = Vector512.Create(probabilities[4 * stride + t]);
                a40 = Vector512.FusedMultiplyAdd(v0, p4, a40);
                a41 = Vector512.FusedMultiplyAdd(v1, p4, a41);
                Vector512<float> p5 = Vector512.Create(probabilities[5 * stride + t]);
                a50 = Vector512.FusedMultiplyAdd(v0, p5, a50);
                a51 = Vector512.FusedMultiplyAdd(v1, p5, a51);
                Vector512<float> p6 = Vector512.Create(probabilities[6 * stride + t]);
                a60 = Vector512.FusedMultiplyAdd(v0, p6, a60);
                a61 = Vector512.FusedMultiplyAdd(v1, p6, a61);
                Vector512<float> p7 = Vector512.Create(probabilities[7 * stride + t]);
                a70 = Vector512.FusedMultiplyAdd(v0, p7, a70);
                a71 = Vector512.FusedMultiplyAdd(v1, p7, a71);
                values += valueBytes;
                Sse.Prefetch1(next);
                next += 64;
            }

            probabilities += KvPageLayout.PageTokens;
        }

        a00.Store(sums);
        a01.Store(sums + 16);
        a10.Store(sums + width);
        a11.Store(sums + width + 16);
        a20.Store(sums + 2 * width);
        a21.Store(sums + 2 * width + 16);
        a30.Store(sums + 3 * width);
        a31.Store(sums + 3 * width + 16);
        a40.Store(sums + 4 * width);
        a41.Store(sums + 4 * width + 16);
        a50.Store(sums + 5 * width);
        a51.Store(sums + 5 * width + 16);
        a60.Store(sums + 6 * width);
        a61.Store(sums + 6 * width + 16);
        a70.Store(sums + 7 * width);
        a71.Store(sums + 7 * width + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add8x16<TElement>(
        byte** pages, long offset, int valueBytes, float* probabilities, int stride, int tokens, float* sums, int width)
        where TElement : struct, IStoredFloat
    {
        Vector512<float> a00 = Vector512.Load(sums);
        Vector512<float> a10 = Vector512.Load(sums + width);
        Vector512<float> a20 = Vector512.Load(sums + 2 * width);
        Vector512<float> a30 = Vector512.Load(sums + 3 * width);
        Vector512<float> a40 = Vector512.Load(sums + 4 * width);
        Vector512<float> a50 = Vector512.Load(sums + 5 * width);
        Vector512<float> a60 = Vector512.Load(sums + 6 * width);
        Vector512<float> a70 = Vector512.Load(sums + 7 * width);
        for (; tokens > 0; tokens -= KvPageLayout.PageTokens)
        {
            byte* values = *pages++ + offset;
            int present = Math.Min(tokens, KvPageLayout.PageTokens);
            for (int t = 0; t < present; t++)
            {
                Vector512<float> v0 = TElement.Load512(values);
                a00 = Vector512.FusedMultiplyAdd(v0, Vector512.Create(probabilities[t]), a00);
                a10 = Vector512.FusedMultiplyAdd(v0, Vector512.Create(probabilities[stride + t]), a10);
                a20 = Vector512.FusedMultiplyAdd(v0, Vector512.Create(probabilities[2 * stride + t]), a20);
                a30 = Vector512.FusedMultiplyAdd(v0, Vector512.Create(probabilities[3 * stride + t]), a30);
                a40 = Vector512.FusedMultiplyAdd(v0, Vector512.Create(probabilities[4 * stride + t]), a40);
                a50 = Vector512.FusedMultiplyAdd(v0, Vector512.Create(probabilities[5 * stride + t]), a50);
                a60 = Vector512.FusedMultiplyAdd(v0, Vector512.Create(probabilities[6 * stride + t]), a60);
                a70 = Vector512.FusedMultiplyAdd(v0, Vector512.Create(probabilities[7 * stride + t]), a70);
                values += valueBytes;
            }

            probabilities += KvPageLayout.PageTokens;
        }

        a00.Store(sums);
        a10.Store(sums + width);
        a20.Store(sums + 2 * width);
        a30.Store(sums + 3 * width);
        a40.Store(sums + 4 * width);
        a50.Store(sums + 5 * width);
        a60.Store(sums + 6 * width);
        a70.Store(sums + 7 * width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add4x32<TElement>(
        byte** pages, long offset, int valueBytes, float* probabilities, int stride, int tokens, float* sums, int width)
        where TElement : struct, IStoredFloat
    {
        Vector512<float> a00 = Vector512.Load(sums), a01 = Vector512.Load(sums + 16);
        Vector512<float> a10 = Vector512.Load(sums + width), a11 = Vector512.Load(sums + width + 16);
        Vector512<float> a20 = Vector512.Load(sums + 2 * width), a21 = Vector512.Load(sums + 2 * width + 16);
        Vector512<float> a30 = Vector512.Load(sums + 3 * width), a31 = Vector512.Load(sums + 3 * width + 16);
        for (; tokens > 0; tokens -= KvPageLayout.PageTokens)
        {
            byte* values = *pages++ + offset;
            int present = Math.Min(tokens, KvPageLayout.PageTokens);
            for (int t = 0; t < present; t++)
            {
                Vector512<float> v0 = TElement.Load512(values);
                Vector512<float> v1 = TElement.Load512(values + 16 * TElement.Bytes);
                Vector512<float> p0 = Vector512.Create(probabilities[t]);
                a00 = Vector512.FusedMultiplyAdd(v0, p0, a00);
                a01 = Vector512.FusedMultiplyAdd(v1, p0, a01);
                Vector512<float> p1 = Vector512.Create(probabilities[stride + t]);
                a10 = Vector512.FusedMultiplyAdd(v0, p1, a10);
                a11 = Vector512.FusedMultiplyAdd(v1, p1, a11);
                Vector512<float> p2 = Vector512.Create(probabilities[2 * stride + t]);
                a20 = Vector512.FusedMultiplyAdd(v0, p2, a20);
                a21 = Vector512.FusedMultiplyAdd(v1, p2, a21);
                Vector512<float> p3 = Vector512.Create(probabilities[3 * stride + t]);
                a30 = Vector512.FusedMultiplyAdd(v0, p3, a30);
                a31 = Vector512.FusedMultiplyAdd(v1, p3, a31);
                values += valueBytes;
            }

            probabilities += KvPageLayout.PageTokens;
        }

        a00.Store(sums);
        a01.Store(sums + 16);
        a10.Store(sums + width);
        a11.Store(sums + width + 16);
        a20.Store(sums + 2 * width);
        a21.Store(sums + 2 * width + 16);
        a30.Store(sums + 3 * width);
        a31.Store(sums + 3 * width + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add4x16<TElement>(
        byte** pages, long offset, int valueBytes, float* probabilities, int stride, int tokens, float* sums, int width)
        where TElement : struct, IStoredFloat
    {
        Vector512<float> a00 = Vector512.Load(sums);
        Vector512<float> a10 = Vector512.Load(sums + width);
        Vector512<float> a20 = Vector512.Load(sums + 2 * width);
        Vector512<float> a30 = Vector512.Load(sums + 3 * width);
        for (; tokens > 0; tokens -= KvPageLayout.PageTokens)
        {
            byte* values = *pages++ + offset;
            int present = Math.Min(tokens, KvPageLayout.PageTokens);
            for (int t = 0; t < present; t++)
            {
                Vector512<float> v0 = TElement.Load512(values);
                a00 = Vector512.FusedMultiplyAdd(v0, Vector512.Create(probabilities[t]), a00);
                a10 = Vector512.FusedMultiplyAdd(v0, Vector512.Create(probabilities[stride + t]), a10);
                a20 = Vector512.FusedMultiplyAdd(v0, Vector512.Create(probabilities[2 * stride + t]), a20);
                a30 = Vector512.FusedMultiplyAdd(v0, Vector512.Create(probabilities[3 * stride + t]), a30);
                values += valueBytes;
            }

            probabilities += KvPageLayout.PageTokens;
        }

        a00.Store(sums);
        a10.Store(sums + width);
        a20.Store(sums + 2 * width);
        a30.Store(sums + 3 * width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add1x32<TElement>(
        byte** pages, long offset, int valueBytes, float* probabilities, int stride, int tokens, float* sums, int width)
        where TElement : struct, IStoredFloat
    {
        Vector512<float> a00 = Vector512.Load(sums), a01 = Vector512.Load(sums + 16);
        for (; tokens > 0; tokens -= KvPageLayout.PageTokens)
        {
            byte* values = *pages++ + offset;
            int present = Math.Min(tokens, KvPageLayout.PageTokens);
            for (int t = 0; t < present; t++)
            {
                Vector512<float> v0 = TElement.Load512(values);
                Vector512<float> v1 = TElement.Load512(values + 16 * TElement.Bytes);
                Vector512<float> p0 = Vector512.Create(probabilities[t]);
                a00 = Vector512.FusedMultiplyAdd(v0, p0, a00);
                a01 = Vector512.FusedMultiplyAdd(v1, p0, a01);
                values += valueBytes;
            }

            probabilities += KvPageLayout.PageTokens;
        }

        a00.Store(sums);
        a01.Store(sums + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add1x16<TElement>(
        byte** pages, long offset, int valueBytes, float* probabilities, int stride, int tokens, float* sums, int width)
        where TElement : struct, IStoredFloat
    {
        Vector512<float> a00 = Vector512.Load(sums);
        for (; tokens > 0; tokens -= KvPageLayout.PageTokens)
        {
            byte* values = *pages++ + offset;
            int present = Math.Min(tokens, KvPageLayout.PageTokens);
            for (int t = 0; t < present; t++)
            {
                Vector512<float> v0 = TElement.Load512(values);
                a00 = Vector512.FusedMultiplyAdd(v0, Vector512.Create(probabilities[t]), a00);
                values += valueBytes;
            }

            probabilities += KvPageLayout.PageTokens;
        }

        a00.Store(sums);
    }
}
