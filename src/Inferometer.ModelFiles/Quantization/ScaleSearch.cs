namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// Chooses the scale of a group of values so that the rounded values fit best in the weighted least-squares sense: several candidate scales
/// are tried, each is refitted to the integers it leads to, and the one with the smallest error is kept.
/// </summary>
internal static class ScaleSearch
{
    private const int Candidates = 18; // on each side of the scale that maps the extreme value to the last integer
    private const float Step = 0.05f;

    /// <summary>
    /// Scale of the plain formats of 32 values, x = s q with q from -<paramref name="range"/> to <paramref name="range"/> - 1: without
    /// importances what maps the extreme value to the last integer.
    /// </summary>
    public static float Plain(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, int range)
    {
        if (importance.IsEmpty)
        {
            return BlockRange.SignedExtreme(values) / -range;
        }

        Span<float> weights = stackalloc float[32];
        ValueWeights.OfImportance(values, importance, weights);
        return Symmetric(values, weights, range);
    }

    /// <summary>
    /// Scale and smallest value of the plain formats of 32 values, x = s q + m with q from 0 to <paramref name="largest"/>: without
    /// importances what just spans the values.
    /// </summary>
    public static (float Scale, float Smallest) PlainAffine(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, int largest)
    {
        if (importance.IsEmpty)
        {
            (float low, float high) = BlockRange.Of(values);
            return ((high - low) / largest, low);
        }

        Span<float> weights = stackalloc float[32];
        ValueWeights.OfImportance(values, importance, weights);
        (float scale, float minimum) = Affine(values, weights, largest);
        return (scale, -minimum);
    }

    /// <summary>Scale s for x = s q with q from -<paramref name="range"/> to <paramref name="range"/> - 1; may be negative.</summary>
    public static float Symmetric(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, int range)
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
            for (int i = 0; i < values.Length; i++)
            {
                float x = values[i] / extreme; // within [-1, 1], so that no product below under- or overflows
                int q = Math.Clamp((int)MathF.Round(levels * x), -range, range - 1);
                dot += weights[i] * x * q;
                squares += weights[i] * q * q;
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
    public static (float Scale, float Minimum) Affine(ReadOnlySpan<float> values, ReadOnlySpan<float> weights, int largest)
    {
        (float low, float high) = BlockRange.Of(values);
        low = MathF.Min(low, 0);
        if (high <= low)
        {
            return (0, -low); // all values are the same: the minimum alone gives them
        }

        float bestScale = (high - low) / largest, bestMinimum = -low;
        float bestError = AffineError(values, weights, largest, bestScale, bestMinimum);
        for (int candidate = -Candidates; candidate <= Candidates; candidate++)
        {
            float inverse = (largest + (Step * candidate)) / (high - low);
            (float scale, float minimum) = FitAffine(values, weights, largest, inverse, low);
            float error = AffineError(values, weights, largest, scale, minimum);
            if (scale > 0 && error < bestError)
            {
                (bestScale, bestMinimum, bestError) = (scale, minimum, error);
            }
        }

        return (bestScale, bestMinimum);
    }

    /// <summary>
    /// Factor f &gt;= 0 for numbers n = f c with c from 0 to <paramref name="largest"/>: how scales and minima of groups are stored.
    /// </summary>
    public static float Factor(ReadOnlySpan<float> numbers, ReadOnlySpan<float> weights, int largest)
    {
        float high = BlockRange.Of(numbers).Largest;
        if (high <= 0)
        {
            return 0;
        }

        float best = 0, bestGain = 0;
        for (int candidate = -Candidates; candidate <= Candidates; candidate++)
        {
            float levels = largest + (Step * candidate);
            float dot = 0, squares = 0;
            for (int i = 0; i < numbers.Length; i++)
            {
                float n = numbers[i] / high;
                int c = Math.Clamp((int)MathF.Round(levels * n), 0, largest);
                dot += weights[i] * n * c;
                squares += weights[i] * c * c;
            }

            if (squares > 0 && dot * dot > bestGain * squares)
            {
                best = dot / squares;
                bestGain = dot * best;
            }
        }

        return best * high;
    }

    /// <summary>Weighted least-squares line through the integers that <paramref name="inverse"/> leads to.</summary>
    private static (float Scale, float Minimum) FitAffine(
        ReadOnlySpan<float> values, ReadOnlySpan<float> weights, int largest, float inverse, float low)
    {
        float sum = 0, sumQ = 0, sumQQ = 0, sumX = 0, sumXQ = 0;
        for (int i = 0; i < values.Length; i++)
        {
            int q = Math.Clamp((int)MathF.Round(inverse * (values[i] - low)), 0, largest);
            float weight = weights[i];
            sum += weight;
            sumQ += weight * q;
            sumQQ += weight * q * q;
            sumX += weight * values[i];
            sumXQ += weight * values[i] * q;
        }

        float determinant = (sum * sumQQ) - (sumQ * sumQ);
        float scale = ((sum * sumXQ) - (sumX * sumQ)) / determinant;
        float minimum = ((sumQ * sumXQ) - (sumQQ * sumX)) / determinant;
        return determinant <= 0 ? (0, 0) : minimum >= 0 ? (scale, minimum) : (sumXQ / sumQQ, 0);
    }

    private static float AffineError(
        ReadOnlySpan<float> values, ReadOnlySpan<float> weights, int largest, float scale, float minimum)
    {
        float error = 0;
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < values.Length; i++)
        {
            int q = Math.Clamp((int)MathF.Round(inverse * (values[i] + minimum)), 0, largest);
            float difference = (scale * q) - minimum - values[i];
            error += weights[i] * difference * difference;
        }

        return error;
    }
}
