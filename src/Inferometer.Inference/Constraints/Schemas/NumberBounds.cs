namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>A range of numbers; null = without a bound.</summary>
internal sealed record NumberBounds(decimal? Minimum, bool ExcludesMinimum, decimal? Maximum, bool ExcludesMaximum)
{
    public static NumberBounds None { get; } = new(null, false, null, false);

    public bool IsNone => Minimum is null && Maximum is null;

    /// <summary>Whether no number is in the range.</summary>
    public bool IsEmpty => Minimum is { } low && Maximum is { } high
        && (low > high || (low == high && (ExcludesMinimum || ExcludesMaximum)));

    /// <summary>What is in both.</summary>
    public NumberBounds Intersect(NumberBounds other)
    {
        (decimal? minimum, bool excludesMinimum) = (Minimum, ExcludesMinimum);
        (decimal? maximum, bool excludesMaximum) = (Maximum, ExcludesMaximum);
        if (other.Minimum is { } low && (minimum is null || low > minimum || (low == minimum && other.ExcludesMinimum)))
        {
            (minimum, excludesMinimum) = (low, other.ExcludesMinimum);
        }

        if (other.Maximum is { } high && (maximum is null || high < maximum || (high == maximum && other.ExcludesMaximum)))
        {
            (maximum, excludesMaximum) = (high, other.ExcludesMaximum);
        }

        return new NumberBounds(minimum, excludesMinimum, maximum, excludesMaximum);
    }

    public bool Contains(decimal value) =>
        (Minimum is not { } low || value > low || (value == low && !ExcludesMinimum))
        && (Maximum is not { } high || value < high || (value == high && !ExcludesMaximum));
}
