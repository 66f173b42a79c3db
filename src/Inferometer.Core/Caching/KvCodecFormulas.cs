using System.Numerics;
using Inferometer.Core.Models;

namespace Inferometer.Core.Caching;

/// <summary>
/// Bytes and floating-point operations of the ways to store keys and values, counted from the algorithms themselves: additions,
/// multiplications and comparisons one each, conversions between number formats none. Pure functions.
/// </summary>
public static class KvCodecFormulas
{
    /// <summary>Most small integers that share a scale.</summary>
    public const int NumbersPerScale = 32;

    /// <summary>Stored vectors are padded to a multiple of so many numbers: a vector register of floats.</summary>
    public const int Lanes = 16;

    /// <summary>Scales tried for a block of fewer than 8 bits; that of least squared error is taken.</summary>
    public const int ScaleCandidates = 10;

    private const int BytesPerScale = 2;

    // Division by the scale, offset, minus offset, times scale, difference, square, sum.
    private const int FlopsPerCandidate = 7;

    /// <summary>Numbers stored of a vector.</summary>
    public static int StoredNumbers(int width) => (width + Lanes - 1) / Lanes * Lanes;

    /// <summary>Bytes of a stretch of numbers of a token: integers of up to 8 bits with one f16 scale, else floats.</summary>
    public static int SegmentBytes(int count, int bits) => (count * bits / 8) + (IsQuantized(bits) ? BytesPerScale : 0);

    /// <summary>Whether numbers of so many bits are integers with a scale.</summary>
    public static bool IsQuantized(int bits) => bits <= 8;

    /// <summary>Lengths of the stretches that a vector of one number format is stored in.</summary>
    public static IEnumerable<int> SegmentCounts(int width, int bits)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        int most = IsQuantized(bits) ? NumbersPerScale : int.MaxValue;
        for (int left = StoredNumbers(width); left > 0; left -= Math.Min(left, most))
        {
            yield return Math.Min(left, most);
        }
    }

    /// <summary>
    /// A Walsh-Hadamard transform in blocks of the width's largest factor that is a power of two: additions of all butterflies, and the
    /// scaling.
    /// </summary>
    public static double TransformFlops(int width) => width * (BitOperations.TrailingZeroCount(width) + 1.0);

    /// <summary>
    /// A key or value turned by a Hadamard transform and stored as 8 or 4 bit integers; queries are turned before, mixed values after
    /// attention.
    /// </summary>
    /// <param name="width">Width of the vector.</param>
    /// <param name="bits">Bits of a number.</param>
    public static KvCodecCost Rotated(int width, int bits)
    {
        int stored = StoredNumbers(width);
        return new KvCodecCost(
            SegmentCounts(width, bits).Sum(count => SegmentBytes(count, bits)),
            WriteFlops: TransformFlops(width) + QuantizeFlops(stored, bits),
            ReadFlops: DequantizeFlops(stored, bits),
            QueryFlops: TransformFlops(width),
            PairFlops: 2.0 * (stored - width));
    }

    /// <summary>All KV heads of a layer under rotated quantisation.</summary>
    public static KvCodecCost Rotated(AttentionMixer mixer, int bits)
    {
        ArgumentNullException.ThrowIfNull(mixer);
        return mixer.KvHeads * (Rotated(mixer.HeadDim, bits) + Rotated(mixer.ValueHeadDim, bits));
    }

    /// <summary>
    /// Keys stored as latents from before their rotary rotation: encoded once, rebuilt and rotated whenever they are read.
    /// </summary>
    /// <param name="width">Width of a key.</param>
    /// <param name="rotaryPairs">Pairs of channels of it that are rotated.</param>
    /// <param name="heads">KV heads that share the latents; each reads all of them to rebuild its own keys.</param>
    /// <param name="segments">Numbers and bits of each stored stretch.</param>
    public static KvCodecCost LatentKeys(int width, int rotaryPairs, int heads, params IEnumerable<(int Count, int Bits)> segments)
    {
        ArgumentNullException.ThrowIfNull(segments);
        KvCodecCost stored = Latents(heads * width, segments, out int rank);
        double rotation = 6.0 * rotaryPairs;
        return stored with
        {
            WriteFlops = stored.WriteFlops + (heads * rotation),
            ReadFlops = heads * (stored.ReadFlops + (2.0 * rank * width) + rotation),
        };
    }

    /// <summary>
    /// Values stored as latents: never rebuilt, as attention mixes latents (and a one, for the mean) and the decoder is applied to the mix
    /// of each query.
    /// </summary>
    /// <param name="width">Width of a value.</param>
    /// <param name="heads">KV heads that share the latents; each mixes all of them.</param>
    /// <param name="segments">Numbers and bits of each stored stretch.</param>
    public static KvCodecCost LatentValues(int width, int heads, params IEnumerable<(int Count, int Bits)> segments)
    {
        ArgumentNullException.ThrowIfNull(segments);
        KvCodecCost stored = Latents(heads * width, segments, out int rank);
        return stored with
        {
            ReadFlops = heads * stored.ReadFlops,
            QueryFlops = heads * width * ((2.0 * rank) + 2),
            PairFlops = 2.0 * heads * (rank + 1 - width),
        };
    }

    // Centring and the encoder's product when written; integers back to numbers when read.
    private static KvCodecCost Latents(int width, IEnumerable<(int Count, int Bits)> segments, out int rank)
    {
        KvCodecCost sum = new(0, WriteFlops: width, 0, 0, 0);
        rank = 0;
        foreach ((int count, int bits) in segments)
        {
            rank += count;
            sum += new KvCodecCost(
                SegmentBytes(count, bits), (2.0 * count * width) + QuantizeFlops(count, bits), DequantizeFlops(count, bits), 0, 0);
        }

        return sum;
    }

    // The largest number, then a multiplication and an addition each; for fewer than 8 bits the candidates for the scale before that.
    private static double QuantizeFlops(int count, int bits) =>
        IsQuantized(bits) ? count * (3.0 + (bits < 8 ? FlopsPerCandidate * ScaleCandidates : 0)) : 0;

    private static double DequantizeFlops(int count, int bits) => IsQuantized(bits) ? 2.0 * count : 0;
}
