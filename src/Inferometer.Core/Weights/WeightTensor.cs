using System.Runtime.InteropServices;

namespace Inferometer.Core.Weights;

/// <summary>One tensor, or equal ones of one layer: the experts.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Layer">Index of its layer; -1 outside the layers.</param>
/// <param name="Inputs">Length of a row; of a vector its length.</param>
/// <param name="Outputs">Rows of one matrix; 1 for a vector.</param>
/// <param name="Count">How many of them.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct WeightTensor(WeightKind Kind, int Layer, long Inputs, long Outputs, long Count = 1)
{
    /// <summary>Elements of all of them.</summary>
    public long Elements => checked(Inputs * Outputs * Count);
}
