namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 8 groups of 32: an f16 factor d, 32 bytes with the low eight bits of the numbers of points of eight values, 32 bytes of
/// signs, a byte per group with the high two bits of its four numbers, a byte per group with a 4-bit scale s for its first half (low) and
/// its second; x = ± d (s + 1/2) / 4 level.
/// </summary>
internal readonly struct IQ2_S : IBlockFormat
{
    private const int SignsAt = 34;
    private const int HighAt = 66;
    private const int ScalesAt = 74;

    public static int Values => 256;

    public static int Bytes => 82;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float factor = HalfFloats.ReadF16(block);
        ulong[] points = Codebook.Two1024;
        for (int i = 0; i < 32; i++)
        {
            int number = block[2 + i] | (((block[HighAt + (i / 4)] >> (i % 4 * 2)) & 3) << 8);
            float scale = factor * (0.5f + ((block[ScalesAt + (i / 4)] >> (i % 4 / 2 * 4)) & 15)) * 0.25f;
            SignedPoint.Write(points[number], block[SignsAt + i], scale, values[(8 * i)..]);
        }
    }
}
