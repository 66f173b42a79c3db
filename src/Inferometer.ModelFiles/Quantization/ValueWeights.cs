using System.Numerics.Tensors;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>How much an error of each value of a block counts when scales are chosen.</summary>
internal static class ValueWeights
{
    /// <summary>
    /// Weights from an importance matrix: importance times sqrt(mean square + x^2), so that large weights, of which an error is larger in
    /// all formats, do not lose what the importance of their inputs asks for.
    /// </summary>
    public static void OfImportance(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<float> weights)
    {
        float meanSquare = TensorPrimitives.SumOfSquares(values) / values.Length;
        for (int i = 0; i < values.Length; i++)
        {
            weights[i] = importance[i] * MathF.Sqrt(meanSquare + (values[i] * values[i]));
        }

        Level(weights);
    }

    /// <summary>Weights x^2 of a group, or those given by importances: for scales without a minimum.</summary>
    public static void Squares(ReadOnlySpan<float> values, Span<float> weights)
    {
        float extreme = MathF.Abs(BlockRange.SignedExtreme(values));
        float inverse = extreme > 0 ? 1 / extreme : 0;
        for (int i = 0; i < values.Length; i++)
        {
            weights[i] = values[i] * inverse * (values[i] * inverse); // at most 1, so that no sum under- or overflows
        }
    }

    /// <summary>Weights rms + |x| of a group: for scales with a minimum, where small values matter too.</summary>
    public static void Sizes(ReadOnlySpan<float> values, Span<float> weights)
    {
        float rms = MathF.Sqrt(TensorPrimitives.SumOfSquares(values) / values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            weights[i] = rms + MathF.Abs(values[i]);
        }

        Level(weights);
    }

    /// <summary>Divides by the largest, so that sums of products stay in range; all equal where nothing counts.</summary>
    private static void Level(Span<float> weights)
    {
        float largest = TensorPrimitives.Max<float>(weights);
        if (largest > 0 && float.IsFinite(largest))
        {
            TensorPrimitives.Divide(weights, largest, weights);
        }
        else
        {
            weights.Fill(1);
        }
    }
}
