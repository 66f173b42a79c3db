namespace Inferometer.ModelFiles.Quantization;

/// <summary>64 values: an f16 scale d, then two bits q per value, lowest first; x = d (q - 1).</summary>
internal readonly struct Q2_0 : IBlockFormat
{
    public static int Values => 64;

    public static int Bytes => 18;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = HalfFloats.ReadF16(block);
        for (int i = 0; i < 64; i++)
        {
            values[i] = (((block[2 + (i / 4)] >> (i % 4 * 2)) & 3) - 1) * scale;
        }
    }
}
