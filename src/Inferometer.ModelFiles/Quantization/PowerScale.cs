namespace Inferometer.ModelFiles.Quantization;

/// <summary>Scales of formats of microscaled floats: powers of two in a byte, and floats without a sign in a byte.</summary>
public static class PowerScale
{
    /// <summary>Largest exponent with which every 4-bit float stays a finite float32; 255 means "no number" in the definition.</summary>
    public const byte LargestExponent = 252;

    /// <summary>Half of 2^(e - 127): the levels of <see cref="FourBitLevels.Float4"/> are twice their values.</summary>
    /// <param name="exponent">e; 0 and 1 give subnormal floats.</param>
    public static float HalfOf(byte exponent) =>
        BitConverter.UInt32BitsToSingle(exponent < 2 ? 0x200000u << exponent : (uint)(exponent - 1) << 23);

    /// <summary>
    /// Half of a float with four bits of exponent (bias 7) and three of mantissa, without a sign; 0x7F, which is no number, counts as zero.
    /// </summary>
    /// <param name="bits">The float; its highest bit is left out.</param>
    public static float HalfOfUnsigned(byte bits)
    {
        int exponent = (bits >> 3) & 15, mantissa = bits & 7;
        return bits == 0x7F ? 0
            : exponent == 0 ? MathF.ScaleB(mantissa, -10)
            : MathF.ScaleB(8 + mantissa, exponent - 11);
    }
}
