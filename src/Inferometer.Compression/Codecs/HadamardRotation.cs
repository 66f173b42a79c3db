using System.Numerics;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// The orthonormal Walsh-Hadamard transform, which spreads a vector's large entries over all of it. A width that is no power of two is
/// transformed in blocks of its largest factor that is one. Its own inverse.
/// </summary>
public static class HadamardRotation
{
    /// <summary>Transforms a vector in place.</summary>
    public static void Apply(Span<float> vector)
    {
        if (vector.IsEmpty)
        {
            return;
        }

        int block = 1 << BitOperations.TrailingZeroCount(vector.Length);
        float scale = 1 / MathF.Sqrt(block);
        for (int start = 0; start < vector.Length; start += block)
        {
            Transform(vector.Slice(start, block), scale);
        }
    }

    private static void Transform(Span<float> block, float scale)
    {
        for (int half = 1; half < block.Length; half *= 2)
        {
            for (int start = 0; start < block.Length; start += 2 * half)
            {
                for (int i = start; i < start + half; i++)
                {
                    (block[i], block[i + half]) = (block[i] + block[i + half], block[i] - block[i + half]);
                }
            }
        }

        foreach (ref float number in block)
        {
            number *= scale;
        }
    }
}
