using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>What <see cref="RowKernels.JoinAndNorm"/> reads and writes.</summary>
internal struct NormArguments
{
    /// <summary>Residual stream, [tokens][width].</summary>
    public ArrayView<float> Residual;

    /// <summary>What joins it, as large.</summary>
    public ArrayView<float> Change;

    /// <summary>Factors of the norm on what joins, [width].</summary>
    public ArrayView<float> PostWeight;

    /// <summary>Factors of the norm, [width].</summary>
    public ArrayView<float> Weight;

    /// <summary>Normed rows.</summary>
    public ArrayView<float> Output;

    /// <summary>Normed rows rounded, four in a word.</summary>
    public ArrayView<int> Quants;

    /// <summary>Their scales.</summary>
    public ArrayView<ActivationScale> Scales;

    /// <summary>Rows of the residual stream that are wanted.</summary>
    public ArrayView<int> Map;

    /// <summary>Numbers of a row.</summary>
    public int Width;

    /// <summary>Added to the mean square.</summary>
    public float Epsilon;

    /// <summary>Factor on what joins.</summary>
    public float ResidualScale;

    /// <summary>Whether something joins.</summary>
    public int HasChange;

    /// <summary>Whether it is normed first.</summary>
    public int HasPostNorm;

    /// <summary>Whether rows are normed; otherwise they are copied.</summary>
    public int HasNorm;

    /// <summary>Whether normed rows are rounded as well.</summary>
    public int Rounds;

    /// <summary>Whether some rows are wanted alone.</summary>
    public int HasMap;
}
