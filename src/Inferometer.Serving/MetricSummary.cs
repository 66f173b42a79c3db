namespace Inferometer.Serving;

/// <summary>The distribution of one metric. Mean, deviation, least and most are of all values; the percentiles of those kept.</summary>
public sealed record MetricSummary
{
    /// <summary>Values there were.</summary>
    public required long Count { get; init; }

    /// <summary>Values the percentiles are taken from: all of them, or a random sample where memory is bounded.</summary>
    public required int Kept { get; init; }

    /// <summary>Arithmetic mean.</summary>
    public required double Mean { get; init; }

    /// <summary>Standard deviation of the population (divided by n, as <c>numpy.std</c>).</summary>
    public required double StandardDeviation { get; init; }

    /// <summary>The least value.</summary>
    public required double Min { get; init; }

    /// <summary>The greatest value.</summary>
    public required double Max { get; init; }

    /// <summary>The 50th percentile.</summary>
    public double Median => P50;

    /// <summary>50th percentile (<see cref="Percentile"/>).</summary>
    public required double P50 { get; init; }

    /// <summary>90th percentile.</summary>
    public required double P90 { get; init; }

    /// <summary>95th percentile.</summary>
    public required double P95 { get; init; }

    /// <summary>99th percentile.</summary>
    public required double P99 { get; init; }

    /// <summary>
    /// Whether values differ by no more than the rounding of the clocks that they are differences of: their deviation is then that of the
    /// rounding, and stands for none.
    /// </summary>
    internal static bool AreAlike(double min, double max) => max - min <= 1e-9 * Math.Max(Math.Abs(min), Math.Abs(max));

    /// <summary>Summarises values in any order.</summary>
    /// <returns>Null when there is none.</returns>
    public static MetricSummary? Of(ReadOnlySpan<double> values)
    {
        SampleSet samples = new(int.MaxValue);
        foreach (double value in values)
        {
            samples.Add(value);
        }

        return samples.Summarize();
    }
}
