using System.Runtime.CompilerServices;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// The 12 bytes with which Q3_K stores sixteen scales of six bits, each 32 more than the scale: the low four bits of scales 0 to 7 in the
/// low halves of bytes 0 to 7, of scales 8 to 15 in the high halves; the high two bits of scale i in bits 2 (i / 4) of byte 8 + i mod 4.
/// </summary>
public static class ThreeBitScales
{
    /// <summary>Unpacks the scales.</summary>
    /// <param name="packed">The 12 bytes.</param>
    /// <param name="scales">Sixteen numbers from -32 to 31.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(ReadOnlySpan<byte> packed, Span<sbyte> scales)
    {
        for (int i = 0; i < 16; i++)
        {
            int low = (packed[i % 8] >> (i / 8 * 4)) & 15;
            int high = (packed[8 + (i % 4)] >> (i / 4 * 2)) & 3;
            scales[i] = (sbyte)((low | (high << 4)) - 32);
        }
    }

    /// <summary>Packs sixteen scales.</summary>
    /// <param name="packed">The 12 bytes to fill.</param>
    /// <param name="scales">Sixteen numbers from -32 to 31.</param>
    public static void Write(Span<byte> packed, ReadOnlySpan<sbyte> scales)
    {
        packed[..12].Clear();
        for (int i = 0; i < 16; i++)
        {
            int code = scales[i] + 32;
            packed[i % 8] |= (byte)((code & 15) << (i / 8 * 4));
            packed[8 + (i % 4)] |= (byte)((code >> 4) << (i / 4 * 2));
        }
    }
}
