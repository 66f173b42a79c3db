namespace Inferometer.Serving;

/// <summary>Percentiles as numpy's default has them: linear interpolation between the two nearest ranks.</summary>
public static class Percentile
{
    /// <summary>
    /// The value at position p / 100 x (n - 1) of the sorted values, counted from 0; between two positions the straight line between them
    /// (<c>numpy.percentile</c>, method "linear"; definition 7 of Hyndman and Fan, 1996).
    /// </summary>
    /// <param name="sorted">At least one value, ascending.</param>
    /// <param name="percent">0 to 100.</param>
    /// <exception cref="ArgumentException">There is no value, or the percentage is out of range.</exception>
    public static double Of(ReadOnlySpan<double> sorted, double percent)
    {
        if (sorted.IsEmpty)
        {
            throw new ArgumentException("a percentile is of at least one value", nameof(sorted));
        }

        if (!(percent is >= 0 and <= 100))
        {
            throw new ArgumentOutOfRangeException(nameof(percent), percent, "allowed is 0 to 100");
        }

        double position = percent / 100 * (sorted.Length - 1);
        int below = (int)position;
        return below + 1 == sorted.Length ? sorted[below] : sorted[below] + ((position - below) * (sorted[below + 1] - sorted[below]));
    }
}
