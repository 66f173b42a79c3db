namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// Chooses the scale of a group of values so that the rounded values fit best in the least-squares sense: several candidate scales
/// are tried, each is refitted to the integers it leads to, and the one with the smallest error is kept.
/// </summary>
internal static class ScaleSearch
{
    private const int Candidates = 9; // on each side of the scale that maps the extreme value to the last integer
    private const float Step = 0.1f;

    /// <summary>Scale s for x = s q with q from -<paramref name="range"/> to <paramref name="range"/> - 1; may be negative.</summary>
    public static float Symmetric(ReadOnlySpan<float> values, int range)
    {
        float extreme = BlockRange.SignedExtreme(values);
        if (extreme == 0)
        {
            return 0;
        }

        float best = 0, bestGain = 0;
        for (int candidate = -Candidates; candidate <= Candidates; candidate++)
        {
            float levels = -(range + (Step * candidate));
            float dot = 0, squares = 0;
            foreach (float value in values)
            {
                float x = value / extreme; // within [-1, 1], so that no product below under- or overflows
                int q = Math.Clamp((int)MathF.Round(levels * x), -range, range - 1);
                float weight = x * x; // large weights matter more to a product than small ones
                dot += weight * x * q;
                squares += weight * q * q;
            }

            // The error of the best-fitting scale dot/squares is the constant sum of w x^2 less dot^2/squares.
            if (squares > 0 && dot * dot > bestGain * squares)
            {
                best = dot / squares;
                bestGain = dot * best;
            }
        }

        return best * extreme;
    }

    /// <summary>Scale s &gt;= 0 and minimum m &gt;= 0 for x = s q - m with q from 0 to <paramref name="largest"/>.</summary>
    public static (float Scale, float Minimum) Affine(ReadOnlySpan<float> values, int largest)
    {
        (float low, float high) = BlockRange.Of(values);
        low = MathF.Min(low, 0);
        if (high <= low)
        {
            return (0, -low); // all values are the same: the minimum alone gives them
        }

        float bestScale = (high - low) / largest, bestMinimum = -low;
        float bestError = AffineError(values, largest, bestScale, bestMinimum);
        for (int candidate = -Candidates; candidate <= Candidates; candidate++)
        {
            float inverse = (largest + (Step * candidate)) / (high - low);
            (float scale, float minimum) = FitAffine(values, largest, inverse, low);
            float error = AffineError(values, largest, scale, minimum);
            if (scale > 0 && error < bestError)
            {
                (bestScale, bestMinimum, bestError) = (scale, minimum, error);
            }
        }

        return (bestScale, bestMinimum);
    }

    /// <summary>Least-squares line through the integers that <paramref name="inverse"/> leads to.</summary>
    private static (float Scale, float Minimum) FitAffine(ReadOnlySpan<float> values, int largest, float inverse, float low)
    {
        float sumQ = 0, sumQQ = 0, sumX = 0, sumXQ = 0;
        foreach (float value in values)
        {
            int q = Math.Clamp((int)MathF.Round(inverse * (value - low)), 0, largest);
            sumQ += q;
            sumQQ += q * q;
            sumX += value;
            sumXQ += value * q;
        }

        float determinant = (values.Length * sumQQ) - (sumQ * sumQ);
        float scale = ((values.Length * sumXQ) - (sumX * sumQ)) / determinant;
        float minimum = ((sumQ * sumXQ) - (sumQQ * sumX)) / determinant;
        return determinant <= 0 ? (0, 0) : minimum >= 0 ? (scale, minimum) : (sumXQ / sumQQ, 0);
    }

    private static float AffineError(ReadOnlySpan<float> values, int largest, float scale, float minimum)
    {
        float error = 0;
        float inverse = scale == 0 ? 0 : 1 / scale;
        foreach (float value in values)
        {
            int q = Math.Clamp((int)MathF.Round(inverse * (value + minimum)), 0, largest);
            float difference = (scale * q) - minimum - value;
            error += difference * difference;
        }

        return error;
    }
}
