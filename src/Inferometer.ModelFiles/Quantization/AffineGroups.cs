using System.Numerics.Tensors;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// The common work of encoding Q2_K, Q4_K and Q5_K: a scale and a minimum for each group of values, themselves stored in a few bits.
/// </summary>
internal static class AffineGroups
{
    /// <summary>Chooses everything that a block stores.</summary>
    /// <param name="values">256 values.</param>
    /// <param name="importance">Their importances, or nothing.</param>
    /// <param name="shape">The format's numbers.</param>
    /// <param name="factors">Written: the f16 factors of scales and minima, one after the other.</param>
    /// <param name="scales">Written: the scale of each group.</param>
    /// <param name="minima">Written: the minimum of each group.</param>
    /// <param name="quanta">Written: an integer per value.</param>
    public static void Encode(
        ReadOnlySpan<float> values, ReadOnlySpan<float> importance, AffineShape shape, Span<byte> factors, Span<byte> scales,
        Span<byte> minima, Span<byte> quanta)
    {
        int groups = 256 / shape.GroupSize;
        Span<float> weights = stackalloc float[256];
        Span<float> groupScales = stackalloc float[16];
        Span<float> groupMinima = stackalloc float[16];
        Span<float> groupWeights = stackalloc float[16];
        if (!importance.IsEmpty)
        {
            ValueWeights.OfImportance(values, importance, weights);
        }

        for (int group = 0; group < groups; group++)
        {
            ReadOnlySpan<float> own = values.Slice(group * shape.GroupSize, shape.GroupSize);
            Span<float> ownWeights = weights.Slice(group * shape.GroupSize, shape.GroupSize);
            if (importance.IsEmpty)
            {
                ValueWeights.Sizes(own, ownWeights);
            }

            (groupScales[group], groupMinima[group]) = ScaleSearch.Affine(own, ownWeights, shape.Largest);
            groupWeights[group] = importance.IsEmpty ? 1 : TensorPrimitives.Sum<float>(ownWeights);
        }

        float scaleFactor = Quantize(groupScales[..groups], groupWeights[..groups], shape.LargestScale, factors, scales);
        float minimumFactor = Quantize(groupMinima[..groups], groupWeights[..groups], shape.LargestScale, factors[2..], minima);
        for (int i = 0; i < 256; i++)
        {
            float scale = scaleFactor * scales[i / shape.GroupSize];
            float offset = minimumFactor * minima[i / shape.GroupSize];
            quanta[i] = scale == 0 ? (byte)0 : (byte)Math.Clamp((int)MathF.Round((values[i] + offset) / scale), 0, shape.Largest);
        }
    }

    /// <summary>Stores non-negative numbers as multiples of an f16 factor; returns the factor as stored.</summary>
    private static float Quantize(
        ReadOnlySpan<float> numbers, ReadOnlySpan<float> weights, int largest, Span<byte> factorBytes, Span<byte> codes)
    {
        HalfFloats.WriteF16(factorBytes, ScaleSearch.Factor(numbers, weights, largest));
        float factor = HalfFloats.ReadF16(factorBytes);
        for (int i = 0; i < numbers.Length; i++)
        {
            codes[i] = factor == 0 ? (byte)0 : (byte)Math.Clamp((int)MathF.Round(numbers[i] / factor), 0, largest);
        }

        return factor;
    }
}
