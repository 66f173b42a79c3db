using System.Buffers.Binary;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 8 groups of 32: an f16 factor d, 16 bits with the high two bits of the groups' 6-bit scales, 4 bytes with their low four,
/// then 16 bytes per group as in IQ4_NL; x = d (s - 32) level.
/// </summary>
internal readonly struct IQ4_XS : IWrittenFormat
{
    private const int QuantsAt = 8;

    public static int Values => 256;

    public static int Bytes => 136;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float factor = HalfFloats.ReadF16(block);
        for (int group = 0; group < 8; group++)
        {
            FourBitLevels.Decode(
                FourBitLevels.Curved, block.Slice(QuantsAt + (16 * group), 16), factor * Scale(block, group), values[(32 * group)..]);
        }
    }

    public static void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<float> groupScales = stackalloc float[8];
        for (int group = 0; group < 8; group++)
        {
            groupScales[group] =
                LevelSearch.Scale(values.Slice(32 * group, 32), importance.IsEmpty ? importance : importance.Slice(32 * group, 32));
        }

        block.Clear();
        HalfFloats.WriteF16(block, BlockRange.SignedExtreme(groupScales) / -32);
        float factor = HalfFloats.ReadF16(block);
        int high = 0;
        for (int group = 0; group < 8; group++)
        {
            int scale = factor == 0 ? 0 : Math.Clamp((int)MathF.Round(groupScales[group] / factor), -32, 31);
            block[4 + (group / 2)] |= (byte)(((scale + 32) & 15) << (group % 2 * 4));
            high |= (scale + 32) >> 4 << (2 * group);
            LevelSearch.Write(values.Slice(32 * group, 32), factor * scale, block.Slice(QuantsAt + (16 * group), 16));
        }

        BinaryPrimitives.WriteUInt16LittleEndian(block[2..], (ushort)high);
    }

    private static int Scale(ReadOnlySpan<byte> block, int group)
    {
        int low = (block[4 + (group / 2)] >> (group % 2 * 4)) & 15;
        int high = (BinaryPrimitives.ReadUInt16LittleEndian(block[2..]) >> (2 * group)) & 3;
        return (low | (high << 4)) - 32;
    }
}
