namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>How stored weights become a <see cref="WeightMatrix"/>.</summary>
public sealed record WeightPackingOptions
{
    /// <summary>
    /// Multiply quantised weights by activations quantised to 8 bits (blocks of 32 or 256 values, as other engines do) on repacked panels, where a kernel for the format exists.
    /// Off: activations stay f32 and the result matches a float64 reference to f32 rounding. F32, F16 and BF16 weights always meet f32 activations.
    /// </summary>
    public bool QuantizeActivations { get; init; } = true;
}
