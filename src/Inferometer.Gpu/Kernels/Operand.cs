using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>What a matrix is multiplied with, [tokens][columns]: floats, or whole numbers of 8 bits with a scale for every 32.</summary>
internal struct Operand
{
    /// <summary>Floats, for matrices of floats.</summary>
    public ArrayView<Float4> Values;

    /// <summary>Signed bytes, for quantised matrices.</summary>
    public ArrayView<Int4> Quants;

    /// <summary>Their scales.</summary>
    public ArrayView<ActivationScale> Scales;

    /// <summary>Rows.</summary>
    public int Tokens;
}
