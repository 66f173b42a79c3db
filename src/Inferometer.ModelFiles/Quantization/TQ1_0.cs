namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values of -1, 0 and 1 under one f16 scale: 48 bytes of five each, 4 bytes of four, then the scale. A byte b holds digits of base
/// three as a fraction: digit n is the whole part of 3 times the last eight bits of 3^n b, in units of 1/256. The first 32 bytes hold
/// values 0 to 159, digit by digit; the next 16 values 160 to 239; the last four the rest.
/// </summary>
internal readonly struct TQ1_0 : IBlockFormat
{
    public static int Values => 256;

    public static int Bytes => 54;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = HalfFloats.ReadF16(block[52..]);
        Digits(block[..32], 5, scale, values);
        Digits(block.Slice(32, 16), 5, scale, values[160..]);
        Digits(block.Slice(48, 4), 4, scale, values[240..]);
    }

    private static void Digits(ReadOnlySpan<byte> bytes, int digits, float scale, Span<float> values)
    {
        int power = 1;
        for (int n = 0; n < digits; n++, power *= 3)
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                int digit = ((bytes[i] * power & 255) * 3) >> 8;
                values[(n * bytes.Length) + i] = (digit - 1) * scale;
            }
        }
    }
}
