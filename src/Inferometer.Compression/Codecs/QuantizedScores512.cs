using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// Scores of a page's keys, one segment, with four or eight queries as <see cref="QuantizedPage512.Prepare"/> writes them: 512-bit vectors,
/// a lane per token. Nothing is called before the sums are complete, which would keep them in memory all the way; for the same reason the
/// sums are written out instead of being an array. </summary>
internal static unsafe class QuantizedScores512
{
    private const int Tokens = KvPageLayout.PageTokens;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times4<TCodes>(
        byte* page, int pairs, int* queries, float* queryScales, int* querySums, float* scores, int stride, bool first)
        where TCodes : struct, IQuantizedCodes
    {
        Vector512<int> s0 = default, s1 = default, s2 = default, s3 = default;
        byte* data = page + Tokens * sizeof(ushort);
        nint half = pairs * Tokens;
        for (byte* end = data + half; data < end; data += Tokens, queries += KvCodec.QueryGroup)
        {
            Vector512<short> codes = TCodes.LoadChannels(data, half);
            s0 += Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(queries[0]).AsInt16());
            s1 += Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(queries[1]).AsInt16());
            s2 += Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(queries[2]).AsInt16());
            s3 += Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(queries[3]).AsInt16());
        }

        Vector512<float> scales = LatentPage.WidenHalves(page);
        int offset = TCodes.TwiceOffset;
        Store(s0, offset * querySums[0], scales * queryScales[0], scores + 0 * stride, first);
        Store(s1, offset * querySums[1], scales * queryScales[1], scores + 1 * stride, first);
        Store(s2, offset * querySums[2], scales * queryScales[2], scores + 2 * stride, first);
        Store(s3, offset * querySums[3], scales * queryScales[3], scores + 3 * stride, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times8<TCodes>(
        byte* page, int pairs, int* queries, float* queryScales, int* querySums, float* scores, int stride, bool first)
        where TCodes : struct, IQuantizedCodes
    {
        Vector512<int> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        byte* data = page + Tokens * sizeof(ushort);
        nint half = pairs * Tokens;
        for (byte* end = data + half; data < end; data += Tokens, queries += KvCodec.QueryGroup)
        {
            Vector512<short> codes = TCodes.LoadChannels(data, half);
            s0 += Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(queries[0]).AsInt16());
            s1 += Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(queries[1]).AsInt16());
            s2 += Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(queries[2]).AsInt16());
            s3 += Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(queries[3]).AsInt16());
            s4 += Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(queries[4]).AsInt16());
            s5 += Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(queries[5]).AsInt16());
            s6 += Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(queries[6]).AsInt16());
            s7 += Avx512BW.MultiplyAddAdjacent(codes, Vector512.Create(queries[7]).AsInt16());
        }

        Vector512<float> scales = LatentPage.WidenHalves(page);
        int offset = TCodes.TwiceOffset;
        Store(s0, offset * querySums[0], scales * queryScales[0], scores + 0 * stride, first);
        Store(s1, offset * querySums[1], scales * queryScales[1], scores + 1 * stride, first);
        Store(s2, offset * querySums[2], scales * queryScales[2], scores + 2 * stride, first);
        Store(s3, offset * querySums[3], scales * queryScales[3], scores + 3 * stride, first);
        Store(s4, offset * querySums[4], scales * queryScales[4], scores + 4 * stride, first);
        Store(s5, offset * querySums[5], scales * queryScales[5], scores + 5 * stride, first);
        Store(s6, offset * querySums[6], scales * queryScales[6], scores + 6 * stride, first);
        Store(s7, offset * querySums[7], scales * queryScales[7], scores + 7 * stride, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<int> sum, int offset, Vector512<float> scale, float* scores, bool first)
    {
        Vector512<float> products = Vector512.ConvertToSingle(sum + sum - Vector512.Create(offset));
        (first ? products * scale : Vector512.FusedMultiplyAdd(products, scale, Vector512.Load(scores))).Store(scores);
    }
}
