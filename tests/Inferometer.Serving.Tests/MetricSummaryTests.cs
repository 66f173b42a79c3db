namespace Inferometer.Serving.Tests;

public sealed class MetricSummaryTests
{
    /// <summary>By hand: position p / 100 x 3 in 15, 20, 35, 40 is 0.75 for p = 25, 1.2 for 40, 2.7 for 90.</summary>
    [Theory]
    [InlineData(0, 15)]
    [InlineData(25, 18.75)]
    [InlineData(40, 23)]
    [InlineData(50, 27.5)]
    [InlineData(90, 38.5)]
    [InlineData(100, 40)]
    public void Percentiles_lie_on_the_line_between_the_nearest_ranks(double percent, double expected) =>
        Assert.Equal(expected, Percentile.Of([15, 20, 35, 40], percent), 12);

    [Fact]
    public void The_only_value_is_every_percentile_of_itself()
    {
        Assert.Equal(3, Percentile.Of([3], 0));
        Assert.Equal(3, Percentile.Of([3], 99));
        Assert.Throws<ArgumentException>(() => Percentile.Of([], 50));
        Assert.Throws<ArgumentOutOfRangeException>(() => Percentile.Of([1], 101));
        Assert.Throws<ArgumentOutOfRangeException>(() => Percentile.Of([1], double.NaN));
    }

    [Fact]
    public void A_summary_is_of_the_values_in_any_order()
    {
        MetricSummary summary = MetricSummary.Of([4, 2, 5, 4, 7, 9, 4, 5])!;
        Assert.Equal((8, 8, 2, 9), (summary.Count, summary.Kept, summary.Min, summary.Max));
        Assert.Equal(5, summary.Mean, 12);
        Assert.Equal(2, summary.StandardDeviation, 12); // squares of the deviations: 1 9 0 1 4 16 1 0, 32 over 8
        Assert.Equal(4.5, summary.Median, 12);
        Assert.Equal(7.6, summary.P90, 12);
        Assert.Equal(8.3, summary.P95, 12);
        Assert.Null(MetricSummary.Of([]));
    }

    // Times of equal steps, taken from a clock: they differ in the last digits alone.
    [Fact]
    public void Values_that_differ_by_rounding_have_no_deviation()
    {
        Assert.Equal(0, MetricSummary.Of([.. Enumerable.Range(1, 100).Select(i => ((i + 1) * 0.0123) - (i * 0.0123))])!.StandardDeviation);
        Assert.NotEqual(0, MetricSummary.Of([0.0123, 0.01230001])!.StandardDeviation);
    }

    [Fact]
    public void Beyond_its_limit_a_set_keeps_every_value_with_equal_chance()
    {
        SampleSet samples = new(1000);
        for (int i = 0; i < 100_000; i++)
        {
            samples.Add(i);
        }

        MetricSummary summary = samples.Summarize()!;
        Assert.Equal((100_000, 1000, 0, 99_999), (summary.Count, summary.Kept, summary.Min, summary.Max));
        Assert.Equal(49_999.5, summary.Mean, 6);
        Assert.InRange(summary.P50, 45_000, 55_000); // standard error 1,600
        Assert.InRange(summary.P90, 86_000, 94_000);
    }
}
