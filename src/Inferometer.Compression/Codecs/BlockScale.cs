using Inferometer.Core.Caching;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// The integers of a block and their scale: number = (code - offset) x scale. With 8 bits the offset is a whole number, so that zero is exact; with
/// fewer it lies between two codes, which uses all of them on both sides of zero.
/// </summary>
internal static class BlockScale
{
    /// <summary>What is subtracted from a code.</summary>
    public static float Offset(int bits) => bits == 8 ? 128 : (1 << bits) / 2 - 0.5f;

    /// <summary>The nearest code of a number already divided by the scale.</summary>
    public static int Code(float scaled, int bits) => Math.Clamp((int)MathF.Round(scaled + Offset(bits)), bits == 8 ? 1 : 0, (1 << bits) - 1);

    /// <summary>
    /// The scale of a block. For 8 bits that of the largest number; for fewer the one of least squared error, which cuts the largest numbers off where
    /// that makes the others finer. Rounded to f16 before the error is measured.
    /// </summary>
    public static Half Choose(ReadOnlySpan<float> numbers, int bits)
    {
        float largest = 0;
        foreach (float number in numbers)
        {
            largest = MathF.Max(largest, MathF.Abs(number));
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

        float sum = 0, inverse = 1 / scale, offset = Offset(bits);
        foreach (float number in numbers)
        {
            float difference = number - (Code(number * inverse, bits) - offset) * scale;
            sum += difference * difference;
        }

        return sum;
    }
}
