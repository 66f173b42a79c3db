using System.Buffers.Binary;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 8 groups of 32: an f16 factor d, 64 numbers of points of four values, then a word per group with four times seven signs
/// and a 4-bit scale s at the top; x = ± d (s + 1/2) / 2 level.
/// </summary>
internal readonly struct IQ3_XXS : IBlockFormat
{
    private const int WordsAt = 66;

    public static int Values => 256;

    public static int Bytes => 98;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float factor = HalfFloats.ReadF16(block);
        ulong[] points = Codebook.Three256;
        for (int i = 0; i < 32; i++)
        {
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(block[(WordsAt + (i / 4 * 4))..]);
            float scale = factor * (0.5f + (word >> 28)) * 0.5f;
            int signs = SignedPoint.Even((int)(word >> (i % 4 * 7)) & 127);
            ulong point = points[block[2 + (2 * i)]] | (points[block[3 + (2 * i)]] << 32);
            SignedPoint.Write(point, signs, scale, values[(8 * i)..]);
        }
    }
}
