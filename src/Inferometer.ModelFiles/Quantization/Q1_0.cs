namespace Inferometer.ModelFiles.Quantization;

/// <summary>128 values: an f16 scale d, then a bit per value, lowest first; x = d where it is set, -d where it is not.</summary>
internal readonly struct Q1_0 : IBlockFormat
{
    public static int Values => 128;

    public static int Bytes => 18;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = HalfFloats.ReadF16(block);
        for (int i = 0; i < 128; i++)
        {
            values[i] = ((block[2 + (i / 8)] >> (i % 8)) & 1) != 0 ? scale : -scale;
        }
    }
}
