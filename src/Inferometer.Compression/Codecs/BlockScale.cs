using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Inferometer.Core.Caching;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// The integers of a block and their scale: number = (code - offset) x scale. With 8 bits the offset is a whole number, so that zero is
/// exact; with fewer it lies between two codes, which uses all of them on both sides of zero. </summary>
internal static class BlockScale
{
    /// <summary>What is subtracted from a code.</summary>
    public static float Offset(int bits) => bits == 8 ? 128 : (1 << bits) / 2 - 0.5f;

    /// <summary>The nearest code of a number already divided by the scale.</summary>
    public static int Code(float scaled, int bits) => Math.Clamp((int)MathF.Round(scaled + Offset(bits)), Lowest(bits), (1 << bits) - 1);

    /// <summary>The <see cref="Code"/> of every number of a block.</summary>
    /// <param name="numbers">The block, a multiple of 8.</param>
    /// <param name="scale">What <see cref="Choose"/> gave; not above 0 makes every number zero.</param>
    /// <param name="bits">2, 4 or 8.</param>
    /// <param name="codes">As many.</param>
    public static void Encode(ReadOnlySpan<float> numbers, Half scale, int bits, Span<int> codes)
    {
        float inverse = (float)scale > 0 ? 1 / (float)scale : 0;
        for (int i = 0; i < numbers.Length; i += Vector256<float>.Count)
        {
            Vector256.ConvertToInt32(Rounded(Vector256.Create(numbers[i..]) * inverse, bits)).CopyTo(codes[i..]);
        }
    }

    /// <summary>
    /// The scale of a block of a multiple of 8 numbers. For 8 bits that of the largest number; for fewer the one of least squared error,
    /// which cuts the largest numbers off where that makes the others finer. Rounded to f16 before the error is measured. </summary>
    public static Half Choose(ReadOnlySpan<float> numbers, int bits)
    {
        Vector256<float> magnitudes = default;
        for (int i = 0; i < numbers.Length; i += Vector256<float>.Count)
        {
            magnitudes = Vector256.Max(magnitudes, Vector256.Abs(Vector256.Create(numbers[i..])));
        }

        float largest = 0;
        for (int lane = 0; lane < Vector256<float>.Count; lane++)
        {
            largest = MathF.Max(largest, magnitudes[lane]);
        }

        float full = largest / (bits == 8 ? 127 : Offset(bits));
        if (bits == 8 || full == 0)
        {
            return (Half)full;
        }

        // 2 bits gain from cutting more: the best scale of a Gaussian is about 0.6 of its largest number there, 0.85 with 4 bits.
        float step = bits == 2 ? 0.06f : 0.035f;
        (Half best, float least) = ((Half)full, float.PositiveInfinity);
        for (int i = 0; i < KvCodecFormulas.ScaleCandidates; i++)
        {
            Half candidate = (Half)(full * (1 - step * i));
            float error = Error(numbers, bits, (float)candidate);
            if (error < least)
            {
                (best, least) = (candidate, error);
            }
        }

        return best;
    }

    private static float Error(ReadOnlySpan<float> numbers, int bits, float scale)
    {
        if (scale <= 0)
        {
            return float.MaxValue;
        }

        Vector256<float> sums = default;
        float inverse = 1 / scale, offset = Offset(bits);
        for (int i = 0; i < numbers.Length; i += Vector256<float>.Count)
        {
            Vector256<float> eight = Vector256.Create(numbers[i..]);
            Vector256<float> difference = eight - (Rounded(eight * inverse, bits) - Vector256.Create(offset)) * scale;
            sums += difference * difference;
        }

        return Vector256.Sum(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Rounded(Vector256<float> scaled, int bits) =>
        Vector256.Clamp(
            Vector256.Round(scaled + Vector256.Create(Offset(bits))), Vector256.Create((float)Lowest(bits)),
            Vector256.Create((1 << bits) - 1f));

    private static int Lowest(int bits) => bits == 8 ? 1 : 0;
}
