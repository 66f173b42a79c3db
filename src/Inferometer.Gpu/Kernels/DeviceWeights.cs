using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>
/// A matrix in device memory, [rows][columns] in its format, its parts side by side so that threads load 4, 8 or 16 bytes at once. Float
/// formats have <see cref="Quants"/> alone: the numbers, 16 bytes at a time.
/// </summary>
internal struct DeviceWeights
{
    /// <summary>
    /// The numbers, or what is scaled: 4 bits (16 bytes for 32 weights, weight j low in byte j, weight j + 16 high) or 8.
    /// </summary>
    public ArrayView<Int4> Quants;

    /// <summary>Two further bits of 32 weights, weights 4 p to 4 p + 3 in bits 2 (p mod 4) of the four bytes of word p / 4.</summary>
    public ArrayView<Int2> High;

    /// <summary>Of every 32 weights an f16 scale, or an exponent, or two 6- or 8-bit numbers.</summary>
    public ArrayView<ushort> Small;

    /// <summary>Of every 256 weights an f16 factor, and behind it where there are minima their factor.</summary>
    public ArrayView<ushort> Factors;

    /// <summary>Outputs.</summary>
    public int Rows;

    /// <summary>Inputs.</summary>
    public int Columns;
}
