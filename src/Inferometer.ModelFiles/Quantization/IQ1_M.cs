using System.Buffers.Binary;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 16 groups of 16: 32 bytes with the low eight bits of the numbers of points of eight values, 16 bytes with four bits for
/// each point (its number's high three, and whether 1/8 is taken off or added), then four words of 16 bits, each with four 3-bit scales s
/// and, at the top, four bits of the f16 factor d, lowest first; x = d (2 s + 1) (level ± 1/8).
/// </summary>
internal readonly struct IQ1_M : IBlockFormat
{
    private const int HighAt = 32;
    private const int ScalesAt = 48;

    public static int Values => 256;

    public static int Bytes => 56;

    /// <summary>The bits of the f16 factor, which lie in the top of the four words of scales.</summary>
    public static ushort FactorBits(ReadOnlySpan<byte> block)
    {
        int bits = 0;
        for (int i = 0; i < 4; i++)
        {
            bits |= BinaryPrimitives.ReadUInt16LittleEndian(block[(ScalesAt + (2 * i))..]) >> 12 << (4 * i);
        }

        return (ushort)bits;
    }

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float factor = (float)BitConverter.UInt16BitsToHalf(FactorBits(block));
        ulong[] points = Codebook.One2048;
        for (int i = 0; i < 32; i++)
        {
            int group = i / 2, high = block[HighAt + group] >> (i % 2 * 4);
            int word = BinaryPrimitives.ReadUInt16LittleEndian(block[(ScalesAt + (group / 4 * 2))..]);
            float scale = factor * ((2 * ((word >> (group % 4 * 3)) & 7)) + 1);
            SignedPoint.Write(
                points[block[i] | ((high & 7) << 8)], (high & 8) != 0 ? -0.125f : 0.125f, scale, values[(8 * i)..]);
        }
    }
}
