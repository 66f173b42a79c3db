using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// Sums of the values of a run of pages, sixteen channels of them, weighted for four or eight queries: 512-bit vectors, a lane per channel.
/// Sums are written out: an array of them would be kept in memory.
/// </summary>
internal static unsafe class QuantizedValues512
{
    private const int Tokens = KvPageLayout.PageTokens;

    // Two sums for each query: one would wait for itself.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add4<TCodes>(in KvPageRun run, long offset, int rowBytes, float* weights, float* accumulator, int width)
        where TCodes : struct, IQuantizedCodes
    {
        Vector512<float> a0 = Vector512.Load(accumulator + 0 * width);
        Vector512<float> a1 = Vector512.Load(accumulator + 1 * width);
        Vector512<float> a2 = Vector512.Load(accumulator + 2 * width);
        Vector512<float> a3 = Vector512.Load(accumulator + 3 * width);
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default;
        nint half = Tokens / 2 * rowBytes;
        for (int page = 0; page < run.Count; page++, weights += QuantizedPage512.PageWeights)
        {
            byte* data = run.Pages[page] + offset;
            float* w = weights;
            for (float* end = w + Tokens / 2; w < end; w++, data += rowBytes)
            {
                (Vector512<float> low, Vector512<float> high) = TCodes.LoadTokens(data, half);
                a0 = Vector512.FusedMultiplyAdd(low, Vector512.Create(w[0 * Tokens]), a0);
                b0 = Vector512.FusedMultiplyAdd(high, Vector512.Create(w[0 * Tokens + 8]), b0);
                a1 = Vector512.FusedMultiplyAdd(low, Vector512.Create(w[1 * Tokens]), a1);
                b1 = Vector512.FusedMultiplyAdd(high, Vector512.Create(w[1 * Tokens + 8]), b1);
                a2 = Vector512.FusedMultiplyAdd(low, Vector512.Create(w[2 * Tokens]), a2);
                b2 = Vector512.FusedMultiplyAdd(high, Vector512.Create(w[2 * Tokens + 8]), b2);
                a3 = Vector512.FusedMultiplyAdd(low, Vector512.Create(w[3 * Tokens]), a3);
                b3 = Vector512.FusedMultiplyAdd(high, Vector512.Create(w[3 * Tokens + 8]), b3);
            }
        }

        (a0 + b0).Store(accumulator + 0 * width);
        (a1 + b1).Store(accumulator + 1 * width);
        (a2 + b2).Store(accumulator + 2 * width);
        (a3 + b3).Store(accumulator + 3 * width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add8<TCodes>(in KvPageRun run, long offset, int rowBytes, float* weights, float* accumulator, int width)
        where TCodes : struct, IQuantizedCodes
    {
        Vector512<float> a0 = Vector512.Load(accumulator + 0 * width);
        Vector512<float> a1 = Vector512.Load(accumulator + 1 * width);
        Vector512<float> a2 = Vector512.Load(accumulator + 2 * width);
        Vector512<float> a3 = Vector512.Load(accumulator + 3 * width);
        Vector512<float> a4 = Vector512.Load(accumulator + 4 * width);
        Vector512<float> a5 = Vector512.Load(accumulator + 5 * width);
        Vector512<float> a6 = Vector512.Load(accumulator + 6 * width);
        Vector512<float> a7 = Vector512.Load(accumulator + 7 * width);
        nint half = Tokens / 2 * rowBytes;
        for (int page = 0; page < run.Count; page++, weights += QuantizedPage512.PageWeights)
        {
            byte* data = run.Pages[page] + offset;
            float* w = weights;
            for (float* end = w + Tokens / 2; w < end; w++, data += rowBytes)
            {
                (Vector512<float> low, Vector512<float> high) = TCodes.LoadTokens(data, half);
                a0 = Vector512.FusedMultiplyAdd(
                    high, Vector512.Create(w[0 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[0 * Tokens]), a0));
                a1 = Vector512.FusedMultiplyAdd(
                    high, Vector512.Create(w[1 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[1 * Tokens]), a1));
                a2 = Vector512.FusedMultiplyAdd(
                    high, Vector512.Create(w[2 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[2 * Tokens]), a2));
                a3 = Vector512.FusedMultiplyAdd(
                    high, Vector512.Create(w[3 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[3 * Tokens]), a3));
                a4 = Vector512.FusedMultiplyAdd(
                    high, Vector512.Create(w[4 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[4 * Tokens]), a4));
                a5 = Vector512.FusedMultiplyAdd(
                    high, Vector512.Create(w[5 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[5 * Tokens]), a5));
                a6 = Vector512.FusedMultiplyAdd(
                    high, Vector512.Create(w[6 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[6 * Tokens]), a6));
                a7 = Vector512.FusedMultiplyAdd(
                    high, Vector512.Create(w[7 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[7 * Tokens]), a7));
            }
        }

        a0.Store(accumulator + 0 * width);
        a1.Store(accumulator + 1 * width);
        a2.Store(accumulator + 2 * width);
        a3.Store(accumulator + 3 * width);
        a4.Store(accumulator + 4 * width);
        a5.Store(accumulator + 5 * width);
        a6.Store(accumulator + 6 * width);
        a7.Store(accumulator + 7 * width);
    }
}
