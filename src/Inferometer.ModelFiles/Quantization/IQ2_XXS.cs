using System.Buffers.Binary;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 8 groups of 32: an f16 factor d, then 8 bytes per group: the numbers of four points of eight values, and a word with four
/// times seven signs and a 4-bit scale s at the top; x = ± d (s + 1/2) / 4 level.
/// </summary>
internal readonly struct IQ2_XXS : IBlockFormat
{
    public static int Values => 256;

    public static int Bytes => 66;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float factor = HalfFloats.ReadF16(block);
        ulong[] points = Codebook.Two256;
        for (int group = 0; group < 8; group++)
        {
            ReadOnlySpan<byte> numbers = block.Slice(2 + (8 * group), 8);
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(numbers[4..]);
            float scale = factor * (0.5f + (word >> 28)) * 0.25f;
            for (int i = 0; i < 4; i++)
            {
                int signs = SignedPoint.Even((int)(word >> (7 * i)) & 127);
                SignedPoint.Write(points[numbers[i]], signs, scale, values[((32 * group) + (8 * i))..]);
            }
        }
    }
}
