namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// Floats of eight bits: E4M3 (bias 7, largest 448, no infinities; all ones is no number) and E5M2 (the upper half of an f16), as the OCP
/// 8-bit floating point specification has them; E8M0 is a power of two.
/// </summary>
internal static class Float8
{
    private static readonly float[] s_e4m3 = [.. Enumerable.Range(0, 256).Select(bits => E4M3((byte)bits))];

    /// <summary>The value of a byte of a safetensors element type.</summary>
    public static float Decode(string element, byte bits) => element switch
    {
        "F8_E4M3" => s_e4m3[bits],
        "F8_E5M2" => (float)BitConverter.UInt16BitsToHalf((ushort)(bits << 8)),
        "F8_E8M0" => MathF.ScaleB(1, bits - 127),
        _ => throw new ArgumentOutOfRangeException(nameof(element), element, "No float of eight bits."),
    };

    private static float E4M3(byte bits)
    {
        int exponent = (bits >> 3) & 15, mantissa = bits & 7;
        float size = (bits & 0x7F) == 0x7F ? float.NaN
            : exponent == 0 ? MathF.ScaleB(mantissa, -9)
            : MathF.ScaleB(8 + mantissa, exponent - 10);
        return bits < 128 ? size : -size;
    }
}
