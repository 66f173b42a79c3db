namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 64 values in 4 groups of 16: a scale per group, a float of eight bits without a sign, then 8 bytes per group with value j of the group
/// low and value j + 8 high, each a 4-bit float.
/// </summary>
internal readonly struct NVFP4 : IBlockFormat
{
    public static int Values => 64;

    public static int Bytes => 36;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        ReadOnlySpan<sbyte> levels = FourBitLevels.Float4;
        for (int group = 0; group < 4; group++)
        {
            float scale = PowerScale.HalfOfUnsigned(block[group]);
            for (int i = 0; i < 8; i++)
            {
                byte pair = block[4 + (8 * group) + i];
                values[(16 * group) + i] = levels[pair & 15] * scale;
                values[(16 * group) + 8 + i] = levels[pair >> 4] * scale;
            }
        }
    }
}
