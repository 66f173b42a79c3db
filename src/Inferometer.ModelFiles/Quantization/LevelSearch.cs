namespace Inferometer.ModelFiles.Quantization;

/// <summary>Chooses the scale of 32 values that are stored as levels of <see cref="FourBitLevels.Curved"/>.</summary>
internal static class LevelSearch
{
    private const int Candidates = 7; // on each side of the scale that maps the extreme value to an outermost level

    /// <summary>The scale with the smallest weighted error; may be negative, 0 for zeros.</summary>
    /// <param name="values">32 values.</param>
    /// <param name="importance">Their importances, or nothing.</param>
    public static float Scale(ReadOnlySpan<float> values, ReadOnlySpan<float> importance)
    {
        float extreme = BlockRange.SignedExtreme(values);
        if (extreme == 0)
        {
            return 0;
        }

        Span<float> weights = stackalloc float[32];
        if (importance.IsEmpty)
        {
            ValueWeights.Squares(values, weights);
        }
        else
        {
            ValueWeights.OfImportance(values, importance, weights);
        }

        ReadOnlySpan<sbyte> levels = FourBitLevels.Curved;
        float best = 0, bestGain = 0;
        for (int candidate = -Candidates; candidate <= Candidates; candidate++)
        {
            foreach (int outermost in (ReadOnlySpan<int>)[levels[0], levels[^1]])
            {
                float inverse = (outermost + candidate) / extreme;
                float dot = 0, squares = 0;
                for (int i = 0; i < values.Length; i++)
                {
                    float x = values[i] / extreme;
                    int level = levels[Nearest(values[i] * inverse)];
                    dot += weights[i] * x * level;
                    squares += weights[i] * level * level;
                }

                if (squares > 0 && dot * dot > bestGain * squares)
                {
                    best = dot / squares;
                    bestGain = dot * best;
                }
            }
        }

        return best * extreme;
    }

    /// <summary>Writes the numbers of the levels nearest to 32 values: number j low and number j + 16 high in byte j.</summary>
    public static void Write(ReadOnlySpan<float> values, float scale, Span<byte> pairs)
    {
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < 16; i++)
        {
            pairs[i] = (byte)(Nearest(values[i] * inverse) | (Nearest(values[i + 16] * inverse) << 4));
        }
    }

    /// <summary>The number of the level nearest to <paramref name="x"/>.</summary>
    private static int Nearest(float x)
    {
        ReadOnlySpan<sbyte> levels = FourBitLevels.Curved;
        int low = 0, high = levels.Length - 1;
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            (low, high) = x < levels[middle] ? (low, middle) : (middle, high);
        }

        return x - levels[low] < levels[high] - x ? low : high;
    }
}
