using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>Formats of four bits whose numbers name levels of a table.</summary>
public static class FourBitLevels
{
    /// <summary>
    /// The levels of IQ4_NL and IQ4_XS (<c>kvalues_iq4nl</c> of ggml-common.h): denser around zero, as weights are, and with more below
    /// than above it.
    /// </summary>
    public static ReadOnlySpan<sbyte> Curved => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>
    /// Twice the values of a 4-bit float with two bits of exponent and one of mantissa (OCP Microscaling Formats 1.0, E2M1): MXFP4, NVFP4.
    /// </summary>
    public static ReadOnlySpan<sbyte> Float4 => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>Decodes 32 values: number j is the low half of byte j, number j + 16 the high half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Decode(ReadOnlySpan<sbyte> levels, ReadOnlySpan<byte> pairs, float scale, Span<float> values)
    {
        Vector128<sbyte> table = Vector128.Create(levels);
        Vector128<byte> both = Vector128.Create(pairs);
        SmallIntegers.Scale(Vector128.Shuffle(table, (both & Vector128.Create((byte)15)).AsSByte()), scale, values);
        SmallIntegers.Scale(Vector128.Shuffle(table, (both >>> 4).AsSByte()), scale, values[16..]);
    }
}
