using System.Buffers.Binary;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 8 groups of 32: an f16 factor d, 32 bytes with the low eight bits of the numbers of points of eight values, then a word
/// of 16 bits per group with four times the high three bits, a 3-bit scale s, and whether 1/8 is taken off or added; x = d (2 s + 1)
/// (level ± 1/8).
/// </summary>
internal readonly struct IQ1_S : IBlockFormat
{
    private const int WordsAt = 34;

    public static int Values => 256;

    public static int Bytes => 50;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float factor = HalfFloats.ReadF16(block);
        ulong[] points = Codebook.One2048;
        for (int i = 0; i < 32; i++)
        {
            int word = BinaryPrimitives.ReadUInt16LittleEndian(block[(WordsAt + (i / 4 * 2))..]);
            float scale = factor * ((2 * ((word >> 12) & 7)) + 1);
            int number = block[2 + i] | (((word >> (i % 4 * 3)) & 7) << 8);
            SignedPoint.Write(points[number], (word & 0x8000) != 0 ? -0.125f : 0.125f, scale, values[(8 * i)..]);
        }
    }
}
