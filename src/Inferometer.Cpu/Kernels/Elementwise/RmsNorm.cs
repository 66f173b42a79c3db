using System.Numerics.Tensors;
namespace Inferometer.Cpu.Kernels.Elementwise;

/// <summary>Root-mean-square normalisation (Zhang and Sennrich 2019): y = x / sqrt(mean(x^2) + epsilon) * weight.</summary>
public static class RmsNorm
{
    /// <summary>Normalises one vector.</summary>
    /// <param name="x">Input.</param>
    /// <param name="weight">As long as the input. For models that store weight - 1 (gemma), the 1 is added at load.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="y">Output, at least as long as the input; may be the input itself.</param>
    public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
    {
        SpanGuard.HasLength(weight, x.Length);
        SpanGuard.HasRoom(y, x.Length);
        if (!x.IsEmpty)
        {
            float scale = 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(x) / x.Length + epsilon);
            ScaledProduct.Apply(x, weight, scale, y);
        }
    }

    /// <summary>
    /// Normalises consecutive vectors of <paramref name="weight"/>'s length each: rows of a batch, or the heads of a query (QK-norm).
    /// </summary>
    public static void ApplyRows(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
    {
        for (int i = 0; i < x.Length; i += weight.Length)
        {
            Apply(x.Slice(i, weight.Length), weight, epsilon, y.Slice(i, weight.Length));
        }
    }

    /// <summary>The definition, in double precision.</summary>
    internal static void Reference(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
    {
        double squares = 0;
        foreach (float value in x)
        {
            squares += (double)value * value;
        }

        for (int i = 0; i < x.Length; i++)
        {
            y[i] = (float)(x[i] / Math.Sqrt(squares / x.Length + epsilon) * weight[i]);
        }
    }
}
