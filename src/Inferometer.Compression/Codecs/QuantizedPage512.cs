using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Inference.Kernels.Attention;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// Attention of up to eight queries over a page of int8 or int4 numbers as they lie there, without a tile between: what decoding with grouped heads does. Needs 512-bit vectors. Scales of keys are applied to the
/// sum over a segment, those of values to the probabilities, so that a number costs one conversion.
/// </summary>
internal static unsafe class QuantizedPage512
{
    private const int Tokens = KvPageLayout.PageTokens;

    /// <summary>Whether this machine has the instructions.</summary>
    public static bool IsSupported => Avx512F.IsSupported;

    /// <summary>scores[q * stride + t] = query q times key t.</summary>
    /// <param name="format">Segments of 8 or 4 bits.</param>
    /// <param name="page">Keys of one head, by channel.</param>
    /// <param name="queries">[width][8].</param>
    /// <param name="scores">Eight rows of 16.</param>
    /// <param name="stride">Floats from row to row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores(LatentFormat format, byte* page, float* queries, float* scores, int stride)
    {
        for (int i = 0; i < format.Segments.Count; i++)
        {
            LatentSegment segment = format.Segments[i];
            if (segment.Bits == 8)
            {
                Scores8(page, segment.Count, queries, scores, stride, i == 0);
            }
            else
            {
                Scores4(page, segment.Count, queries, scores, stride, i == 0);
            }

            page += Tokens * segment.BytesPerToken;
            queries += segment.Count * KvCodec.QueryGroup;
        }
    }

    /// <summary>accumulator[q * width + d] += sum over t of probabilities[q * stride + t] times value t.</summary>
    /// <param name="format">Segments of 8 or 4 bits.</param>
    /// <param name="page">Values of one head, by token.</param>
    /// <param name="probabilities">Eight rows; those of tokens that do not exist are zero.</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="accumulator">Eight rows.</param>
    /// <param name="width">Floats from row to row of the accumulator.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate(LatentFormat format, byte* page, float* probabilities, int stride, float* accumulator, int width)
    {
        float* weights = stackalloc float[KvCodec.QueryGroup * Tokens];
        for (int i = 0; i < format.Segments.Count; i++)
        {
            LatentSegment segment = format.Segments[i];
            Vector512<float> scales = LatentPage.WidenHalves(page);
            for (int q = 0; q < KvCodec.QueryGroup; q++)
            {
                (Vector512.Load(probabilities + q * stride) * scales).Store(weights + q * Tokens);
            }

            byte* data = page + Tokens * sizeof(ushort);
            for (int lane = 0; lane < segment.Count; lane += 16)
            {
                if (segment.Bits == 8)
                {
                    Values8(data + lane, segment.Count, weights, accumulator + lane, width);
                }
                else
                {
                    Values4(data + lane, segment.Count, weights, accumulator + lane, width);
                }
            }

            page += Tokens * segment.BytesPerToken;
            accumulator += segment.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores8(byte* page, int count, float* queries, float* scores, int stride, bool first)
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        Vector512<float> scales = LatentPage.WidenHalves(page);
        byte* data = page + Tokens * sizeof(ushort);
        for (int d = 0; d < count; d++, data += Tokens, queries += KvCodec.QueryGroup)
        {
            Vector512<float> key = Signed(data);
            s0 = Vector512.FusedMultiplyAdd(key, Vector512.Create(queries[0]), s0);
            s1 = Vector512.FusedMultiplyAdd(key, Vector512.Create(queries[1]), s1);
            s2 = Vector512.FusedMultiplyAdd(key, Vector512.Create(queries[2]), s2);
            s3 = Vector512.FusedMultiplyAdd(key, Vector512.Create(queries[3]), s3);
            s4 = Vector512.FusedMultiplyAdd(key, Vector512.Create(queries[4]), s4);
            s5 = Vector512.FusedMultiplyAdd(key, Vector512.Create(queries[5]), s5);
            s6 = Vector512.FusedMultiplyAdd(key, Vector512.Create(queries[6]), s6);
            s7 = Vector512.FusedMultiplyAdd(key, Vector512.Create(queries[7]), s7);
        }

        if (first)
        {
            (s0 * scales).Store(scores + 0 * stride);
            (s1 * scales).Store(scores + 1 * stride);
            (s2 * scales).Store(scores + 2 * stride);
            (s3 * scales).Store(scores + 3 * stride);
            (s4 * scales).Store(scores + 4 * stride);
            (s5 * scales).Store(scores + 5 * stride);
            (s6 * scales).Store(scores + 6 * stride);
            (s7 * scales).Store(scores + 7 * stride);

            return;
        }

        Vector512.FusedMultiplyAdd(s0, scales, Vector512.Load(scores + 0 * stride)).Store(scores + 0 * stride);
        Vector512.FusedMultiplyAdd(s1, scales, Vector512.Load(scores + 1 * stride)).Store(scores + 1 * stride);
        Vector512.FusedMultiplyAdd(s2, scales, Vector512.Load(scores + 2 * stride)).Store(scores + 2 * stride);
        Vector512.FusedMultiplyAdd(s3, scales, Vector512.Load(scores + 3 * stride)).Store(scores + 3 * stride);
        Vector512.FusedMultiplyAdd(s4, scales, Vector512.Load(scores + 4 * stride)).Store(scores + 4 * stride);
        Vector512.FusedMultiplyAdd(s5, scales, Vector512.Load(scores + 5 * stride)).Store(scores + 5 * stride);
        Vector512.FusedMultiplyAdd(s6, scales, Vector512.Load(scores + 6 * stride)).Store(scores + 6 * stride);
        Vector512.FusedMultiplyAdd(s7, scales, Vector512.Load(scores + 7 * stride)).Store(scores + 7 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores4(byte* page, int count, float* queries, float* scores, int stride, bool first)
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        Vector512<float> scales = LatentPage.WidenHalves(page);
        byte* data = page + Tokens * sizeof(ushort);
        float* others = queries + count / 2 * KvCodec.QueryGroup;
        for (int d = 0; d < count / 2; d++, data += Tokens, queries += KvCodec.QueryGroup, others += KvCodec.QueryGroup)
        {
            (Vector512<float> low, Vector512<float> high) = Nibbles(data);
            s0 = Vector512.FusedMultiplyAdd(high, Vector512.Create(others[0]), Vector512.FusedMultiplyAdd(low, Vector512.Create(queries[0]), s0));
            s1 = Vector512.FusedMultiplyAdd(high, Vector512.Create(others[1]), Vector512.FusedMultiplyAdd(low, Vector512.Create(queries[1]), s1));
            s2 = Vector512.FusedMultiplyAdd(high, Vector512.Create(others[2]), Vector512.FusedMultiplyAdd(low, Vector512.Create(queries[2]), s2));
            s3 = Vector512.FusedMultiplyAdd(high, Vector512.Create(others[3]), Vector512.FusedMultiplyAdd(low, Vector512.Create(queries[3]), s3));
            s4 = Vector512.FusedMultiplyAdd(high, Vector512.Create(others[4]), Vector512.FusedMultiplyAdd(low, Vector512.Create(queries[4]), s4));
            s5 = Vector512.FusedMultiplyAdd(high, Vector512.Create(others[5]), Vector512.FusedMultiplyAdd(low, Vector512.Create(queries[5]), s5));
            s6 = Vector512.FusedMultiplyAdd(high, Vector512.Create(others[6]), Vector512.FusedMultiplyAdd(low, Vector512.Create(queries[6]), s6));
            s7 = Vector512.FusedMultiplyAdd(high, Vector512.Create(others[7]), Vector512.FusedMultiplyAdd(low, Vector512.Create(queries[7]), s7));
        }

        if (first)
        {
            (s0 * scales).Store(scores + 0 * stride);
            (s1 * scales).Store(scores + 1 * stride);
            (s2 * scales).Store(scores + 2 * stride);
            (s3 * scales).Store(scores + 3 * stride);
            (s4 * scales).Store(scores + 4 * stride);
            (s5 * scales).Store(scores + 5 * stride);
            (s6 * scales).Store(scores + 6 * stride);
            (s7 * scales).Store(scores + 7 * stride);

            return;
        }

        Vector512.FusedMultiplyAdd(s0, scales, Vector512.Load(scores + 0 * stride)).Store(scores + 0 * stride);
        Vector512.FusedMultiplyAdd(s1, scales, Vector512.Load(scores + 1 * stride)).Store(scores + 1 * stride);
        Vector512.FusedMultiplyAdd(s2, scales, Vector512.Load(scores + 2 * stride)).Store(scores + 2 * stride);
        Vector512.FusedMultiplyAdd(s3, scales, Vector512.Load(scores + 3 * stride)).Store(scores + 3 * stride);
        Vector512.FusedMultiplyAdd(s4, scales, Vector512.Load(scores + 4 * stride)).Store(scores + 4 * stride);
        Vector512.FusedMultiplyAdd(s5, scales, Vector512.Load(scores + 5 * stride)).Store(scores + 5 * stride);
        Vector512.FusedMultiplyAdd(s6, scales, Vector512.Load(scores + 6 * stride)).Store(scores + 6 * stride);
        Vector512.FusedMultiplyAdd(s7, scales, Vector512.Load(scores + 7 * stride)).Store(scores + 7 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Values8(byte* data, int rowBytes, float* weights, float* accumulator, int width)
    {
        Vector512<float> a0 = Vector512.Load(accumulator + 0 * width);
        Vector512<float> a1 = Vector512.Load(accumulator + 1 * width);
        Vector512<float> a2 = Vector512.Load(accumulator + 2 * width);
        Vector512<float> a3 = Vector512.Load(accumulator + 3 * width);
        Vector512<float> a4 = Vector512.Load(accumulator + 4 * width);
        Vector512<float> a5 = Vector512.Load(accumulator + 5 * width);
        Vector512<float> a6 = Vector512.Load(accumulator + 6 * width);
        Vector512<float> a7 = Vector512.Load(accumulator + 7 * width);
        for (int t = 0; t < Tokens; t++, data += rowBytes)
        {
            Vector512<float> value = Signed(data);
            a0 = Vector512.FusedMultiplyAdd(value, Vector512.Create(weights[0 * Tokens + t]), a0);
            a1 = Vector512.FusedMultiplyAdd(value, Vector512.Create(weights[1 * Tokens + t]), a1);
            a2 = Vector512.FusedMultiplyAdd(value, Vector512.Create(weights[2 * Tokens + t]), a2);
            a3 = Vector512.FusedMultiplyAdd(value, Vector512.Create(weights[3 * Tokens + t]), a3);
            a4 = Vector512.FusedMultiplyAdd(value, Vector512.Create(weights[4 * Tokens + t]), a4);
            a5 = Vector512.FusedMultiplyAdd(value, Vector512.Create(weights[5 * Tokens + t]), a5);
            a6 = Vector512.FusedMultiplyAdd(value, Vector512.Create(weights[6 * Tokens + t]), a6);
            a7 = Vector512.FusedMultiplyAdd(value, Vector512.Create(weights[7 * Tokens + t]), a7);
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
    private static void Values4(byte* data, int rowBytes, float* weights, float* accumulator, int width)
    {
        Vector512<float> a0 = Vector512.Load(accumulator + 0 * width);
        Vector512<float> a1 = Vector512.Load(accumulator + 1 * width);
        Vector512<float> a2 = Vector512.Load(accumulator + 2 * width);
        Vector512<float> a3 = Vector512.Load(accumulator + 3 * width);
        Vector512<float> a4 = Vector512.Load(accumulator + 4 * width);
        Vector512<float> a5 = Vector512.Load(accumulator + 5 * width);
        Vector512<float> a6 = Vector512.Load(accumulator + 6 * width);
        Vector512<float> a7 = Vector512.Load(accumulator + 7 * width);
        for (int t = 0; t < Tokens / 2; t++, data += rowBytes)
        {
            (Vector512<float> low, Vector512<float> high) = Nibbles(data);
            a0 = Vector512.FusedMultiplyAdd(high, Vector512.Create(weights[0 * Tokens + t + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(weights[0 * Tokens + t]), a0));
            a1 = Vector512.FusedMultiplyAdd(high, Vector512.Create(weights[1 * Tokens + t + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(weights[1 * Tokens + t]), a1));
            a2 = Vector512.FusedMultiplyAdd(high, Vector512.Create(weights[2 * Tokens + t + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(weights[2 * Tokens + t]), a2));
            a3 = Vector512.FusedMultiplyAdd(high, Vector512.Create(weights[3 * Tokens + t + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(weights[3 * Tokens + t]), a3));
            a4 = Vector512.FusedMultiplyAdd(high, Vector512.Create(weights[4 * Tokens + t + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(weights[4 * Tokens + t]), a4));
            a5 = Vector512.FusedMultiplyAdd(high, Vector512.Create(weights[5 * Tokens + t + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(weights[5 * Tokens + t]), a5));
            a6 = Vector512.FusedMultiplyAdd(high, Vector512.Create(weights[6 * Tokens + t + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(weights[6 * Tokens + t]), a6));
            a7 = Vector512.FusedMultiplyAdd(high, Vector512.Create(weights[7 * Tokens + t + 8]), Vector512.FusedMultiplyAdd(low, Vector512.Create(weights[7 * Tokens + t]), a7));
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
    private static Vector512<float> Signed(byte* data) =>
        Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32((Vector128.Load(data) ^ Vector128.Create((byte)0x80)).AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> Low, Vector512<float> High) Nibbles(byte* data)
    {
        Vector512<int> codes = Avx512F.ConvertToVector512Int32(Vector128.Load(data));
        Vector512<float> offset = Vector512.Create(7.5f);
        return (Vector512.ConvertToSingle(codes & Vector512.Create(15)) - offset, Vector512.ConvertToSingle(codes >> 4) - offset);
    }
}
