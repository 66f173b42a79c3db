namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// The 12 bytes with which Q4_K and Q5_K store eight 6-bit scales and eight 6-bit minima. Scales 0-3 and minima 0-3 are the low six
/// bits of bytes 0-3 and 4-7; scales and minima 4-7 have their low four bits in bytes 8-11 and their high two in the top of bytes 0-7.
/// </summary>
public static class SixBitScales
{
    /// <summary>Scale and minimum of one of the eight groups.</summary>
    /// <param name="packed">The 12 bytes.</param>
    /// <param name="index">Group, 0 to 7.</param>
    public static (int Scale, int Minimum) Read(ReadOnlySpan<byte> packed, int index) => index < 4
        ? (packed[index] & 63, packed[index + 4] & 63)
        : ((packed[index + 4] & 15) | ((packed[index - 4] >> 6) << 4), (packed[index + 4] >> 4) | ((packed[index] >> 6) << 4));

    /// <summary>Packs eight scales and eight minima of six bits each.</summary>
    /// <param name="packed">The 12 bytes to fill.</param>
    /// <param name="scales">Eight numbers below 64.</param>
    /// <param name="minima">Eight numbers below 64.</param>
    public static void Write(Span<byte> packed, ReadOnlySpan<byte> scales, ReadOnlySpan<byte> minima)
    {
        for (int i = 0; i < 4; i++)
        {
            packed[i] = (byte)(scales[i] | ((scales[i + 4] >> 4) << 6));
            packed[i + 4] = (byte)(minima[i] | ((minima[i + 4] >> 4) << 6));
            packed[i + 8] = (byte)((scales[i + 4] & 15) | ((minima[i + 4] & 15) << 4));
        }
    }
}
