namespace Inferometer.ModelFiles.Quantization;

/// <summary>The common work of encoding Q3_K and Q6_K: a scale for each of 16 groups of 16, itself stored in a few bits.</summary>
internal static class SymmetricGroups
{
    /// <summary>Chooses the scales of a block.</summary>
    /// <param name="values">256 values.</param>
    /// <param name="importance">Their importances, or nothing.</param>
    /// <param name="range">A value's integer is from -range to range - 1.</param>
    /// <param name="scaleRange">A scale's integer is from -scaleRange to scaleRange - 1.</param>
    /// <param name="factorBytes">Written: the f16 factor of the scales.</param>
    /// <param name="scales">Written: the scale of each group.</param>
    /// <returns>The factor as stored.</returns>
    public static float Encode(
        ReadOnlySpan<float> values, ReadOnlySpan<float> importance, int range, int scaleRange, Span<byte> factorBytes, Span<sbyte> scales)
    {
        Span<float> weights = stackalloc float[256];
        Span<float> groupScales = stackalloc float[16];
        if (!importance.IsEmpty)
        {
            ValueWeights.OfImportance(values, importance, weights);
        }

        for (int group = 0; group < 16; group++)
        {
            ReadOnlySpan<float> own = values.Slice(group * 16, 16);
            if (importance.IsEmpty)
            {
                ValueWeights.Squares(own, weights.Slice(group * 16, 16)); // large weights matter more to a product than small ones
            }

            groupScales[group] = ScaleSearch.Symmetric(own, weights.Slice(group * 16, 16), range);
        }

        HalfFloats.WriteF16(factorBytes, BlockRange.SignedExtreme(groupScales) / -scaleRange);
        float factor = HalfFloats.ReadF16(factorBytes);
        for (int group = 0; group < 16; group++)
        {
            scales[group] = factor == 0
                ? (sbyte)0
                : (sbyte)Math.Clamp((int)MathF.Round(groupScales[group] / factor), -scaleRange, scaleRange - 1);
        }

        return factor;
    }

    /// <summary>The integer of a value under the scale that is stored.</summary>
    public static int Quantize(float value, float scale, int range) =>
        scale == 0 ? 0 : Math.Clamp((int)MathF.Round(value / scale), -range, range - 1);
}
