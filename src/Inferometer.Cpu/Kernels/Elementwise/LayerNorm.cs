using System.Numerics.Tensors;
namespace Inferometer.Cpu.Kernels.Elementwise;

/// <summary>Layer normalisation (Ba, Kiros and Hinton 2016): y = (x - mean) / sqrt(variance + epsilon) * weight + bias.</summary>
public static class LayerNorm
{
    /// <summary>Normalises one vector.</summary>
    /// <param name="x">Input.</param>
    /// <param name="weight">As long as the input.</param>
    /// <param name="bias">As long as the input, or empty for none.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="y">Output, at least as long as the input; may be the input itself.</param>
    public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float epsilon, Span<float> y)
    {
        SpanGuard.HasLength(weight, x.Length);
        SpanGuard.HasRoom(y, x.Length);
        if (x.IsEmpty)
        {
            return;
        }

        float mean = TensorPrimitives.Sum<float>(x) / x.Length;
        y = y[..x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = x[i] - mean;
        }

        ScaledProduct.Apply(y, weight, 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(y) / y.Length + epsilon), y);
        if (!bias.IsEmpty)
        {
            VectorAdd.Accumulate(bias, y);
        }
    }

    /// <summary>The definition, in double precision.</summary>
    internal static void Reference(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float epsilon, Span<float> y)
    {
        double mean = 0;
        double variance = 0;
        foreach (float value in x)
        {
            mean += (double)value / x.Length;
        }

        foreach (float value in x)
        {
            variance += (value - mean) * (value - mean) / x.Length;
        }

        for (int i = 0; i < x.Length; i++)
        {
            y[i] = (float)((x[i] - mean) / Math.Sqrt(variance + epsilon) * weight[i] + (bias.IsEmpty ? 0 : bias[i]));
        }
    }
}
