namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// The common work of encoding Q4_K and Q5_K: a scale and a minimum for each of 8 groups of 32, themselves stored in 6 bits.
/// </summary>
internal static class AffineGroups
{
    /// <summary>
    /// Writes the 16 bytes of head to <paramref name="block"/> and one small integer per value to <paramref name="quanta"/>.
    /// </summary>
    /// <param name="values">256 values.</param>
    /// <param name="largest">Largest integer a value may take: 15 or 31.</param>
    /// <param name="block">The block; its first 16 bytes are written.</param>
    /// <param name="quanta">256 integers from 0 to <paramref name="largest"/>.</param>
    public static void Encode(ReadOnlySpan<float> values, int largest, Span<byte> block, Span<byte> quanta)
    {
        Span<float> scales = stackalloc float[8];
        Span<float> minima = stackalloc float[8];
        for (int group = 0; group < 8; group++)
        {
            (scales[group], minima[group]) = ScaleSearch.Affine(values.Slice(group * 32, 32), largest);
        }

        Span<byte> scaleCodes = stackalloc byte[8];
        Span<byte> minimumCodes = stackalloc byte[8];
        float scaleFactor = Quantize(scales, block, scaleCodes);
        float minimumFactor = Quantize(minima, block[2..], minimumCodes);
        SixBitScales.Write(block[4..], scaleCodes, minimumCodes);
        for (int i = 0; i < 256; i++)
        {
            float scale = scaleFactor * scaleCodes[i / 32];
            float offset = minimumFactor * minimumCodes[i / 32];
            quanta[i] = scale == 0 ? (byte)0 : (byte)Math.Clamp((int)MathF.Round((values[i] + offset) / scale), 0, largest);
        }
    }

    /// <summary>Stores non-negative numbers as 6-bit multiples of an f16 factor; returns the factor as stored.</summary>
    private static float Quantize(ReadOnlySpan<float> numbers, Span<byte> factorBytes, Span<byte> codes)
    {
        float largest = BlockRange.Of(numbers).Largest;
        HalfFloats.WriteF16(factorBytes, largest / 63);
        float factor = HalfFloats.ReadF16(factorBytes);
        for (int i = 0; i < numbers.Length; i++)
        {
            codes[i] = factor == 0 ? (byte)0 : (byte)Math.Clamp((int)MathF.Round(numbers[i] / factor), 0, 63);
        }

        return factor;
    }
}
