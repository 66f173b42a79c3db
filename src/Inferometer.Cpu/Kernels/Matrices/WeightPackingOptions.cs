namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>How stored weights become a <see cref="WeightMatrix"/>.</summary>
public sealed record WeightPackingOptions
{
    /// <summary>
    /// Multiply quantised weights by activations quantised to 8 bits (blocks of 32 or 256 values, as other engines do) on repacked panels,
    /// where a kernel for the format exists; and, for prompts longer than some dozens of tokens on processors with AVX2 or AVX-512, F16 and
    /// BF16 weights and activations rounded to 13 bits (blocks of 32; other engines round activations to f16 or bf16 there), or, where the
    /// processor has tiles of bf16 numbers, activations of two such numbers each, 17 bits, for all but a few tokens. Off: activations stay
    /// f32 and the result matches a float64 reference to f32 rounding. F32 weights always meet f32 activations.
    /// </summary>
    public bool QuantizeActivations { get; init; } = true;
}
