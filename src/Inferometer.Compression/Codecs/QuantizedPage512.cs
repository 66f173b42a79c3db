using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Inference.Kernels.Attention;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// Attention of up to eight queries over a page of int8 or int4 numbers as they lie there, without a tile between: what decoding with grouped heads does. Needs 512-bit vectors. Scores are sums of
/// products of codes and 16-bit queries in integers, half as many instructions as in floats; scales of keys are applied to the sum over a segment, those of values to the probabilities.
/// </summary>
internal static unsafe class QuantizedPage512
{
    private const int Tokens = KvPageLayout.PageTokens;
    private const int PageWeights = KvCodec.QueryGroup * Tokens;

    /// <summary>Whether this machine has the instructions.</summary>
    public static bool IsSupported => Avx512BW.IsSupported;

    /// <summary>
    /// Turns queries into what <see cref="Scores"/> reads: 16-bit integers of each query's own scale, whose error is a hundredth of that of int8 keys, in pairs of the channels that
    /// lie half a segment apart; then half the scales of the queries; then the sum of each query over each segment.
    /// </summary>
    /// <param name="format">Segments of 8 or 4 bits.</param>
    /// <param name="queries">[count][width], padded with zeros to the format's width.</param>
    /// <param name="count">Queries, at most eight.</param>
    /// <param name="prepared">[width][8] floats, half of which are used.</param>
    public static void Prepare(LatentFormat format, ReadOnlySpan<float> queries, int count, float* prepared)
    {
        new Span<float>(prepared, format.Width * KvCodec.QueryGroup).Clear();
        float* scales = prepared + format.Width / 2 * KvCodec.QueryGroup;
        int* sums = (int*)scales + KvCodec.QueryGroup;
        fixed (float* first = queries)
        {
            for (int q = 0; q < count; q++)
            {
                float* query = first + q * format.Width;
                float largest = Largest(query, format.Width);
                scales[q] = 0.5f * largest / short.MaxValue;
                PrepareQuery(format, query, largest > 0 ? short.MaxValue / largest : 0, (int*)prepared + q, sums + q);
            }
        }
    }

    /// <summary>scores[q * stride + t] = query q times key t, of all pages of a run. Asks for the values of each page meanwhile.</summary>
    /// <param name="format">Segments of 8 or 4 bits.</param>
    /// <param name="run">The pages.</param>
    /// <param name="keys">Where the head's keys lie in a page, by channel.</param>
    /// <param name="values">Where its values lie.</param>
    /// <param name="prepared">What <see cref="Prepare"/> wrote.</param>
    /// <param name="scores">Eight rows.</param>
    /// <param name="stride">Floats from row to row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores(LatentFormat format, in KvPageRun run, PageStretch keys, PageStretch values, float* prepared, float* scores, int stride)
    {
        int segments = format.Segments.Count;
        for (int page = 0; page < run.Count; page++, scores += Tokens)
        {
            byte* data = run.Pages[page] + keys.Offset;
            int* queries = (int*)prepared;
            float* scales = prepared + format.Width / 2 * KvCodec.QueryGroup;
            int* sums = (int*)scales + KvCodec.QueryGroup;
            for (int i = 0; i < segments; i++)
            {
                values.Prefetch(run.Pages[page], i, segments);
                if (page + 1 < run.Count)
                {
                    // In all runs but the first of a piece they are there already.
                    keys.Prefetch(run.Pages[page + 1], i, segments);
                }

                LatentSegment segment = format.Segments[i];
                int pairs = segment.Count / 2;
                if (segment.Bits == 8)
                {
                    SegmentScores<ByteCodes>(data, pairs, queries, scales, sums, scores, stride, i == 0);
                }
                else
                {
                    SegmentScores<NibbleCodes>(data, pairs, queries, scales, sums, scores, stride, i == 0);
                }

                data += Tokens * segment.BytesPerToken;
                queries += pairs * KvCodec.QueryGroup;
                sums += KvCodec.QueryGroup;
            }
        }
    }

    /// <summary>
    /// accumulator[q * width + d] += sum over t of probabilities[q * stride + t] times value t, of all pages of a run: sums stay in registers from page to page. Asks for the keys of the next run meanwhile.
    /// </summary>
    /// <param name="format">Segments of 8 or 4 bits.</param>
    /// <param name="run">The pages.</param>
    /// <param name="values">Where the head's values lie in a page, by token.</param>
    /// <param name="keys">Where its keys lie.</param>
    /// <param name="probabilities">Eight rows; those of tokens that do not exist are zero.</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="accumulator">Eight rows.</param>
    /// <param name="width">Floats from row to row of the accumulator.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate(LatentFormat format, in KvPageRun run, PageStretch values, PageStretch keys, float* probabilities, int stride, float* accumulator, int width)
    {
        float* weights = stackalloc float[KvCodec.MaxRunPages * PageWeights];
        long offset = values.Offset;
        int segments = format.Segments.Count;
        for (int i = 0; i < segments; i++)
        {
            LatentSegment segment = format.Segments[i];
            for (int page = 0; page < run.Count; page++)
            {
                if (page < run.Following)
                {
                    keys.Prefetch(run.Pages[run.Count + page], i, segments);
                }

                Vector512<float> scales = LatentPage.WidenHalves(run.Pages[page] + offset);
                for (int q = 0; q < KvCodec.QueryGroup; q++)
                {
                    (Vector512.Load(probabilities + q * stride + page * Tokens) * scales).Store(weights + page * PageWeights + q * Tokens);
                }
            }

            long data = offset + Tokens * sizeof(ushort);
            for (int lane = 0; lane < segment.Count; lane += 16)
            {
                if (segment.Bits == 8)
                {
                    ByteValues(run, data + lane, segment.Count, weights, accumulator + lane, width);
                }
                else
                {
                    NibbleValues(run, data + lane, segment.Count, weights, accumulator + lane, width);
                }
            }

            offset += Tokens * segment.BytesPerToken;
            accumulator += segment.Count;
        }
    }

    private static float Largest(float* numbers, int count)
    {
        Vector512<float> largest = default;
        for (int i = 0; i < count; i += 16)
        {
            largest = Vector512.MaxNative(largest, Vector512.Abs(Vector512.Load(numbers + i)));
        }

        Vector256<float> eight = Vector256.MaxNative(largest.GetLower(), largest.GetUpper());
        Vector128<float> four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }

    // target and sums are of one query: a number in eight is its own.
    private static void PrepareQuery(LatentFormat format, float* query, float inverse, int* target, int* sums)
    {
        int* pairs = stackalloc int[8];
        for (int i = 0; i < format.Segments.Count; i++)
        {
            int half = format.Segments[i].Count / 2;
            int sum = 0;
            for (int d = 0; d < half; d += 8, query += 8)
            {
                Vector256<int> low = Avx.ConvertToVector256Int32(Vector256.Load(query) * inverse);
                Vector256<int> high = Avx.ConvertToVector256Int32(Vector256.Load(query + half) * inverse);
                sum += Vector256.Sum(low + high);
                ((low & Vector256.Create(0xFFFF)) | (high << 16)).Store(pairs);
                for (int lane = 0; lane < 8; lane++, target += KvCodec.QueryGroup)
                {
                    *target = pairs[lane];
                }
            }

            sums[i * KvCodec.QueryGroup] = sum;
            query += half;
        }
    }

    // No call before the end: the sums would be kept in memory all the way.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SegmentScores<TCodes>(byte* page, int pairs, int* queries, float* queryScales, int* querySums, float* scores, int stride, bool first)
        where TCodes : struct, ICodePairs
    {
        Vector512<int> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        byte* data = page + Tokens * sizeof(ushort);
        nint half = pairs * Tokens;
        for (byte* end = data + half; data < end; data += Tokens, queries += KvCodec.QueryGroup)
        {
            Vector512<short> codes = TCodes.Load(data, half);
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
        StoreScores(s0, offset * querySums[0], scales * queryScales[0], scores + 0 * stride, first);
        StoreScores(s1, offset * querySums[1], scales * queryScales[1], scores + 1 * stride, first);
        StoreScores(s2, offset * querySums[2], scales * queryScales[2], scores + 2 * stride, first);
        StoreScores(s3, offset * querySums[3], scales * queryScales[3], scores + 3 * stride, first);
        StoreScores(s4, offset * querySums[4], scales * queryScales[4], scores + 4 * stride, first);
        StoreScores(s5, offset * querySums[5], scales * queryScales[5], scores + 5 * stride, first);
        StoreScores(s6, offset * querySums[6], scales * queryScales[6], scores + 6 * stride, first);
        StoreScores(s7, offset * querySums[7], scales * queryScales[7], scores + 7 * stride, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreScores(Vector512<int> sum, int offset, Vector512<float> scale, float* scores, bool first)
    {
        Vector512<float> products = Vector512.ConvertToSingle(sum + sum - Vector512.Create(offset));
        (first ? products * scale : Vector512.FusedMultiplyAdd(products, scale, Vector512.Load(scores))).Store(scores);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ByteValues(in KvPageRun run, long offset, int rowBytes, float* weights, float* accumulator, int width)
    {
        Vector512<float> a0 = Vector512.Load(accumulator + 0 * width);
        Vector512<float> a1 = Vector512.Load(accumulator + 1 * width);
        Vector512<float> a2 = Vector512.Load(accumulator + 2 * width);
        Vector512<float> a3 = Vector512.Load(accumulator + 3 * width);
        Vector512<float> a4 = Vector512.Load(accumulator + 4 * width);
        Vector512<float> a5 = Vector512.Load(accumulator + 5 * width);
        Vector512<float> a6 = Vector512.Load(accumulator + 6 * width);
        Vector512<float> a7 = Vector512.Load(accumulator + 7 * width);
        for (int page = 0; page < run.Count; page++, weights += PageWeights)
        {
            byte* data = run.Pages[page] + offset;
            float* w = weights;
            for (float* end = w + Tokens; w < end; w++, data += rowBytes)
            {
                Vector512<float> value = SignedBytes(data);
                a0 = Vector512.FusedMultiplyAdd(value, Vector512.Create(w[0 * Tokens]), a0);
                a1 = Vector512.FusedMultiplyAdd(value, Vector512.Create(w[1 * Tokens]), a1);
                a2 = Vector512.FusedMultiplyAdd(value, Vector512.Create(w[2 * Tokens]), a2);
                a3 = Vector512.FusedMultiplyAdd(value, Vector512.Create(w[3 * Tokens]), a3);
                a4 = Vector512.FusedMultiplyAdd(value, Vector512.Create(w[4 * Tokens]), a4);
                a5 = Vector512.FusedMultiplyAdd(value, Vector512.Create(w[5 * Tokens]), a5);
                a6 = Vector512.FusedMultiplyAdd(value, Vector512.Create(w[6 * Tokens]), a6);
                a7 = Vector512.FusedMultiplyAdd(value, Vector512.Create(w[7 * Tokens]), a7);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void NibbleValues(in KvPageRun run, long offset, int rowBytes, float* weights, float* accumulator, int width)
    {
        Vector512<float> a0 = Vector512.Load(accumulator + 0 * width);
        Vector512<float> a1 = Vector512.Load(accumulator + 1 * width);
        Vector512<float> a2 = Vector512.Load(accumulator + 2 * width);
        Vector512<float> a3 = Vector512.Load(accumulator + 3 * width);
        Vector512<float> a4 = Vector512.Load(accumulator + 4 * width);
        Vector512<float> a5 = Vector512.Load(accumulator + 5 * width);
        Vector512<float> a6 = Vector512.Load(accumulator + 6 * width);
        Vector512<float> a7 = Vector512.Load(accumulator + 7 * width);
        for (int page = 0; page < run.Count; page++, weights += PageWeights)
        {
            byte* data = run.Pages[page] + offset;
            float* w = weights;
            for (float* end = w + Tokens / 2; w < end; w++, data += rowBytes)
            {
                (Vector512<float> low, Vector512<float> high) = SignedNibbles(data);
                a0 = Vector512.FusedMultiplyAdd(high, Vector512.Create(w[0 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[0 * Tokens]), a0));
                a1 = Vector512.FusedMultiplyAdd(high, Vector512.Create(w[1 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[1 * Tokens]), a1));
                a2 = Vector512.FusedMultiplyAdd(high, Vector512.Create(w[2 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[2 * Tokens]), a2));
                a3 = Vector512.FusedMultiplyAdd(high, Vector512.Create(w[3 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[3 * Tokens]), a3));
                a4 = Vector512.FusedMultiplyAdd(high, Vector512.Create(w[4 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[4 * Tokens]), a4));
                a5 = Vector512.FusedMultiplyAdd(high, Vector512.Create(w[5 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[5 * Tokens]), a5));
                a6 = Vector512.FusedMultiplyAdd(high, Vector512.Create(w[6 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[6 * Tokens]), a6));
                a7 = Vector512.FusedMultiplyAdd(high, Vector512.Create(w[7 * Tokens + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(w[7 * Tokens]), a7));
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

    // Codes count from 128; with the top bit turned they are signed bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> SignedBytes(byte* data) =>
        Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32((Vector128.Load(data) ^ Vector128.Create((byte)0x80)).AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Low, Vector512<float> High) SignedNibbles(byte* data)
    {
        Vector512<int> codes = Avx512F.ConvertToVector512Int32(Vector128.Load(data));
        Vector512<float> offset = Vector512.Create(7.5f);
        return (Vector512.ConvertToSingle(codes & Vector512.Create(15)) - offset, Vector512.ConvertToSingle(codes >> 4) - offset);
    }

    /// <summary>Codes of two channels, half a segment apart, in the halves of 32-bit lanes, a lane per token.</summary>
    private interface ICodePairs
    {
        /// <summary>Twice what is subtracted from a code: 7.5 for 4 bits. The largest sum, 2 x 32 x 255 x 32767, fits.</summary>
        static abstract int TwiceOffset { get; }

        static abstract Vector512<short> Load(byte* data, nint half);
    }

    private readonly struct ByteCodes : ICodePairs
    {
        public static int TwiceOffset => 256;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<short> Load(byte* data, nint half) =>
            (Avx512F.ConvertToVector512Int32(Vector128.Load(data)) | (Avx512F.ConvertToVector512Int32(Vector128.Load(data + half)) << 16)).AsInt16();
    }

    private readonly struct NibbleCodes : ICodePairs
    {
        public static int TwiceOffset => 15;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<short> Load(byte* data, nint half)
        {
            Vector512<int> codes = Avx512F.ConvertToVector512Int32(Vector128.Load(data));
            return ((codes | (codes << 12)) & Vector512.Create(0x000F000F)).AsInt16();
        }
    }
}
