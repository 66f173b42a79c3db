namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 8 groups of 32: an f16 factor d, 64 bytes with the low eight bits of the numbers of points of four values, a byte per
/// group with their ninth bits, 32 bytes of signs, 4 bytes with a 4-bit scale s per group; x = ± d (2 s + 1) level.
/// </summary>
internal readonly struct IQ3_S : IBlockFormat
{
    private const int HighAt = 66;
    private const int SignsAt = 74;
    private const int ScalesAt = 106;

    public static int Values => 256;

    public static int Bytes => 110;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float factor = HalfFloats.ReadF16(block);
        ulong[] points = Codebook.Three512;
        for (int i = 0; i < 32; i++)
        {
            int group = i / 4, high = block[HighAt + group] >> (i % 4 * 2);
            float scale = factor * (1 + (2 * ((block[ScalesAt + (group / 2)] >> (group % 2 * 4)) & 15)));
            int first = block[2 + (2 * i)] | ((high & 1) << 8), second = block[3 + (2 * i)] | ((high & 2) << 7);
            SignedPoint.Write(points[first] | (points[second] << 32), block[SignsAt + i], scale, values[(8 * i)..]);
        }
    }
}
