using System.Runtime.InteropServices;
using Inferometer.Core.Gguf;

namespace Inferometer.Gpu.Weights;

/// <summary>Bytes that the planes of <see cref="Kernels.DeviceWeights"/> take: quants and high bits, small numbers and factors.</summary>
/// <param name="Quants">Bytes of the quants of 32 weights.</param>
/// <param name="High">Bytes of their high bits.</param>
/// <param name="Small">Bytes of their scales.</param>
/// <param name="Factors">Bytes of the factors of 256 weights.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PlaneSizes(int Quants, int High, int Small, int Factors)
{
    /// <summary>Planes.</summary>
    public const int Count = 4;

    /// <summary>Sizes for a format.</summary>
    public static PlaneSizes Of(GgmlType type) => type switch
    {
        GgmlType.F32 => new(128, 0, 0, 0),
        GgmlType.F16 or GgmlType.BF16 => new(64, 0, 0, 0),
        GgmlType.Q8_0 => new(32, 0, 2, 0),
        GgmlType.Q4_0 or GgmlType.MXFP4 => new(16, 0, 2, 0),
        GgmlType.Q4_K => new(16, 0, 2, 4),
        GgmlType.Q6_K => new(16, 8, 2, 2),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no planes are laid out for this format"),
    };

    /// <summary>Bytes of a row in a plane.</summary>
    public long RowBytes(int plane, int columns) => plane switch
    {
        0 => (long)Quants * columns / 32,
        1 => (long)High * columns / 32,
        2 => (long)Small * columns / 32,
        _ => (long)Factors * columns / 256,
    };
}
