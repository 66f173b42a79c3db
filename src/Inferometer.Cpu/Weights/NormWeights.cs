using Inferometer.Cpu.Kernels.Elementwise;

namespace Inferometer.Cpu.Weights;

/// <summary>
/// A norm of rows as its model computes it. Factors are what is multiplied with: where a file stores offsets from one, the one is added on
/// loading; where it stores none, they are ones.
/// </summary>
/// <param name="Weight">Factors, as long as a row.</param>
/// <param name="Bias">Added behind the factors, or null.</param>
/// <param name="CentresRows">The mean is taken off first: layer norm; otherwise root-mean-square norm.</param>
internal sealed record NormWeights(float[] Weight, float[]? Bias = null, bool CentresRows = false)
{
    /// <summary>Normalises one row; <paramref name="y"/> may be the row itself.</summary>
    public void Apply(ReadOnlySpan<float> x, float epsilon, Span<float> y)
    {
        if (CentresRows)
        {
            LayerNorm.Apply(x, Weight, Bias, epsilon, y);
        }
        else
        {
            RmsNorm.Apply(x, Weight, epsilon, y);
        }
    }
}
