using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
        if (Vector512.IsHardwareAccelerated && block.Length >= Vector512<float>.Count)
        {
            Transform512(block, scale);
            return;
        }

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

    // The same additions in the same order: first within vectors of 16, then between them.
    private static void Transform512(Span<float> block, float scale)
    {
        int lanes = Vector512<float>.Count;
        ref float first = ref block[0];
        for (int i = 0; i < block.Length; i += lanes)
        {
            Within(Vector512.LoadUnsafe(ref first, (nuint)i)).StoreUnsafe(ref first, (nuint)i);
        }

        for (int half = lanes; half < block.Length; half *= 2)
        {
            for (int start = 0; start < block.Length; start += 2 * half)
            {
                for (int i = start; i < start + half; i += lanes)
                {
                    Vector512<float> low = Vector512.LoadUnsafe(ref first, (nuint)i), high = Vector512.LoadUnsafe(
                        ref first, (nuint)(i + half));
                    (low + high).StoreUnsafe(ref first, (nuint)i);
                    (low - high).StoreUnsafe(ref first, (nuint)(i + half));
                }
            }
        }

        for (int i = 0; i < block.Length; i += lanes)
        {
            (Vector512.LoadUnsafe(ref first, (nuint)i) * scale).StoreUnsafe(ref first, (nuint)i);
        }
    }

    // Partner lanes are swapped; the upper of a pair is subtracted from its partner, the lower added.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Within(Vector512<float> v)
    {
        v = Vector512.FusedMultiplyAdd(
            v, Vector512.Create(1f, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1),
            Vector512.Shuffle(v, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)));
        v = Vector512.FusedMultiplyAdd(
            v, Vector512.Create(1f, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1),
            Vector512.Shuffle(v, Vector512.Create(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)));
        v = Vector512.FusedMultiplyAdd(
            v, Vector512.Create(1f, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1),
            Vector512.Shuffle(v, Vector512.Create(4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)));
        return Vector512.FusedMultiplyAdd(
            v, Vector512.Create(1f, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1),
            Vector512.Shuffle(v, Vector512.Create(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)));
    }
}
