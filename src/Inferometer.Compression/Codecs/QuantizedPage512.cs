using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// Attention of up to eight queries over pages of int8 or int4 numbers as they lie there, without a tile between: what decoding does. Needs
/// 512-bit vectors. Scores are sums of products of codes and 16-bit queries in integers, half as many instructions as in floats; scales of
/// keys are applied to the sum over a segment, those of values to the probabilities. Kernels exist for four queries and for eight; fewer
/// are computed with zeros beside them. </summary>
internal static unsafe class QuantizedPage512
{
    private const int Tokens = KvPageLayout.PageTokens;
    private const int FewQueries = 4;

    /// <summary>Floats that the weights of a page's values take: eight rows of 16.</summary>
    public const int PageWeights = KvCodec.QueryGroup * Tokens;

    /// <summary>Whether this machine has the instructions.</summary>
    public static bool IsSupported => Avx512BW.IsSupported;

    /// <summary>
    /// Turns queries into what <see cref="Scores"/> reads: 16-bit integers of each query's own scale, whose error is a hundredth of that of
    /// int8 keys, in pairs of the channels that lie half a segment apart; then half the scales of the queries; then the sum of each query
    /// over each segment. </summary> <param name="format">Segments of 8 or 4 bits.</param> <param name="queries">[count][width], padded
    /// with zeros to the format's width.</param> <param name="count">Queries, at most eight.</param> <param name="prepared">[width][8]
    /// floats, half of which are used.</param>
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
    /// <param name="count">Queries, at most eight.</param>
    /// <param name="scores">Four or eight rows.</param>
    /// <param name="stride">Floats from row to row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores(
        LatentFormat format, in KvPageRun run, PageStretch keys, PageStretch values, float* prepared, int count, float* scores, int stride)
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
                    SegmentScores<ByteCodes>(data, pairs, queries, scales, sums, count, scores, stride, i == 0);
                }
                else
                {
                    SegmentScores<NibbleCodes>(data, pairs, queries, scales, sums, count, scores, stride, i == 0);
                }

                data += Tokens * segment.BytesPerToken;
                queries += pairs * KvCodec.QueryGroup;
                sums += KvCodec.QueryGroup;
            }
        }
    }

    /// <summary>
    /// accumulator[q * width + d] += sum over t of probabilities[q * stride + t] times value t, of all pages of a run: sums stay in
    /// registers from page to page. Asks for the keys of the next run meanwhile. </summary> <param name="format">Segments of 8 or 4
    /// bits.</param> <param name="run">The pages.</param> <param name="values">Where the head's values lie in a page, by token.</param>
    /// <param name="keys">Where its keys lie.</param> <param name="probabilities">Four or eight rows; those of tokens that do not exist are
    /// zero.</param> <param name="count">Queries, at most eight.</param> <param name="stride">Floats from row to row.</param>
    /// <param name="accumulator">Four or eight rows.</param> <param name="width">Floats from row to row of the accumulator.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate(
        LatentFormat format, in KvPageRun run, PageStretch values, PageStretch keys, float* probabilities, int count, int stride,
        float* accumulator, int width)
    {
        float* weights = stackalloc float[KvCodec.MaxRunPages * PageWeights];
        long offset = values.Offset;
        int segments = format.Segments.Count;
        int rows = count <= FewQueries ? FewQueries : KvCodec.QueryGroup;
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
                for (int q = 0; q < rows; q++)
                {
                    (Vector512.Load(probabilities + q * stride + page * Tokens) * scales).Store(weights + page * PageWeights + q * Tokens);
                }
            }

            long data = offset + Tokens * sizeof(ushort);
            for (int lane = 0; lane < segment.Count; lane += 16)
            {
                if (segment.Bits == 8)
                {
                    Values<ByteCodes>(run, data + lane, segment.Count, weights, count, accumulator + lane, width);
                }
                else
                {
                    Values<NibbleCodes>(run, data + lane, segment.Count, weights, count, accumulator + lane, width);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SegmentScores<TCodes>(
        byte* page, int pairs, int* queries, float* queryScales, int* querySums, int count, float* scores, int stride, bool first)
        where TCodes : struct, IQuantizedCodes
    {
        if (count <= FewQueries)
        {
            QuantizedScores512.Times4<TCodes>(page, pairs, queries, queryScales, querySums, scores, stride, first);
        }
        else
        {
            QuantizedScores512.Times8<TCodes>(page, pairs, queries, queryScales, querySums, scores, stride, first);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Values<TCodes>(
        in KvPageRun run, long offset, int rowBytes, float* weights, int count, float* accumulator, int width)
        where TCodes : struct, IQuantizedCodes
    {
        if (count <= FewQueries)
        {
            QuantizedValues512.Add4<TCodes>(run, offset, rowBytes, weights, accumulator, width);
        }
        else
        {
            QuantizedValues512.Add8<TCodes>(run, offset, rowBytes, weights, accumulator, width);
        }
    }
}
