using Inferometer.Cpu.Kernels.Matrices;

namespace Inferometer.Cpu.Weights;

/// <summary>A linear layer: its matrix, an optional bias, and the place an adapter may add to.</summary>
/// <param name="Matrix">Weights [outputs, inputs].</param>
/// <param name="Bias">Bias [outputs], or null.</param>
/// <param name="Site">Index of this projection among those an adapter can change, or -1.</param>
internal sealed record Projection(WeightMatrix Matrix, float[]? Bias = null, int Site = -1)
{
    /// <summary>Name of the weight as GGUF files have it, or null.</summary>
    public string? Name { get; init; }

    /// <summary>Which of the weight's experts it is.</summary>
    public int Expert { get; init; }

    /// <summary>Experts of the weight; 1 where there are none.</summary>
    public int Experts { get; init; } = 1;
}
