namespace Inferometer.Core.Gguf;

/// <summary>Geometry of the tensor formats: values per block and bytes per block. Thread-safe.</summary>
/// <remarks>Block layouts as defined by ggml (ggml-common.h): for example Q8_0 is one f16 scale and 32 signed bytes, 34 bytes.</remarks>
public static class GgmlTypeTraits
{
    /// <summary>Values in one block; 1 for formats without blocks.</summary>
    public static int BlockSize(this GgmlType type) => Geometry(type).Values;

    /// <summary>Bytes of one block.</summary>
    public static int BlockBytes(this GgmlType type) => Geometry(type).Bytes;

    /// <summary>Bits per value, scales included.</summary>
    public static double BitsPerValue(this GgmlType type) => 8.0 * type.BlockBytes() / type.BlockSize();

    /// <summary>Whether values are stored in blocks with scales.</summary>
    public static bool IsQuantized(this GgmlType type) => type.BlockSize() > 1;

    /// <summary>Whether <paramref name="id"/> names a format in <see cref="GgmlType"/>.</summary>
    public static bool IsKnown(uint id) => id <= int.MaxValue && Geometry((GgmlType)id).Values > 0;

    /// <summary>Bytes of <paramref name="values"/> values, which must fill whole blocks.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative or not a multiple of the block size.</exception>
    /// <exception cref="OverflowException">The size exceeds 2^63 - 1.</exception>
    public static long ByteCount(this GgmlType type, long values)
    {
        (int blockValues, int blockBytes) = Geometry(type);
        ArgumentOutOfRangeException.ThrowIfNegative(values);
        if (blockValues == 0 || values % blockValues != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(values), values, $"{type} stores whole blocks of {blockValues} values.");
        }

        return checked(values / blockValues * blockBytes);
    }

    private static (int Values, int Bytes) Geometry(GgmlType type) => type switch
    {
        GgmlType.F32 or GgmlType.I32 => (1, 4),
        GgmlType.F16 or GgmlType.BF16 or GgmlType.I16 => (1, 2),
        GgmlType.F64 or GgmlType.I64 => (1, 8),
        GgmlType.I8 => (1, 1),
        GgmlType.Q4_0 or GgmlType.IQ4_NL => (32, 18),
        GgmlType.Q4_1 => (32, 20),
        GgmlType.Q5_0 => (32, 22),
        GgmlType.Q5_1 => (32, 24),
        GgmlType.Q8_0 => (32, 34),
        GgmlType.Q8_1 => (32, 36),
        GgmlType.MXFP4 => (32, 17),
        GgmlType.NVFP4 => (64, 36),
        GgmlType.Q1_0 => (128, 18),
        GgmlType.Q2_0 => (64, 18),
        GgmlType.Q2_K => (256, 84),
        GgmlType.Q3_K or GgmlType.IQ3_S => (256, 110),
        GgmlType.Q4_K => (256, 144),
        GgmlType.Q5_K => (256, 176),
        GgmlType.Q6_K => (256, 210),
        GgmlType.Q8_K => (256, 292),
        GgmlType.IQ1_S => (256, 50),
        GgmlType.IQ1_M => (256, 56),
        GgmlType.IQ2_XXS or GgmlType.TQ2_0 => (256, 66),
        GgmlType.IQ2_XS => (256, 74),
        GgmlType.IQ2_S => (256, 82),
        GgmlType.IQ3_XXS => (256, 98),
        GgmlType.IQ4_XS => (256, 136),
        GgmlType.TQ1_0 => (256, 54),
        _ => (0, 0),
    };
}
