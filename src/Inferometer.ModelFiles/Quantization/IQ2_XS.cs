using System.Buffers.Binary;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 8 groups of 32: an f16 factor d, 32 words of 16 bits, each the 9-bit number of a point of eight values and seven signs,
/// then a byte per group with a 4-bit scale s for its first half (low) and its second; x = ± d (s + 1/2) / 4 level.
/// </summary>
internal readonly struct IQ2_XS : IBlockFormat
{
    private const int ScalesAt = 66;

    public static int Values => 256;

    public static int Bytes => 74;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float factor = HalfFloats.ReadF16(block);
        ulong[] points = Codebook.Two512;
        for (int i = 0; i < 32; i++)
        {
            int word = BinaryPrimitives.ReadUInt16LittleEndian(block[(2 + (2 * i))..]);
            float scale = factor * (0.5f + ((block[ScalesAt + (i / 4)] >> (i % 4 / 2 * 4)) & 15)) * 0.25f;
            SignedPoint.Write(points[word & 511], SignedPoint.Even(word >> 9), scale, values[(8 * i)..]);
        }
    }
}
