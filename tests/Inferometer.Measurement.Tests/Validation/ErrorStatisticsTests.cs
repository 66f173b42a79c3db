using Inferometer.Measurement.Validation;
using Inferometer.Simulation.Costs;

namespace Inferometer.Measurement.Tests.Validation;

/// <summary>Statistics of errors, each worked out by hand.</summary>
public sealed class ErrorStatisticsTests
{
    [Fact]
    public void Errors_are_summed_up_as_on_paper()
    {
        // |e| in order: 0.1, 0.2, 0.5, 1; the 90th percentile lies at position 2.7.
        ErrorStatistics s = ErrorStatistics.Of([0.2, -0.5, 1, 0.1])!;

        Assert.Equal(4, s.Count);
        Assert.Equal(0.45, s.MeanAbsolute, 12);
        Assert.Equal(0.35, s.MedianAbsolute, 12);
        Assert.Equal(0.85, s.P90Absolute, 12);
        Assert.Equal(0.15, s.MedianSigned, 12);
        Assert.Equal(0.25, s.ShareBelow, 12);
        Assert.Null(s.Coverage);
    }

    [Fact]
    public void There_are_none_of_nothing()
    {
        Assert.Null(ErrorStatistics.Of(Array.Empty<double>()));
        Assert.Null(ErrorStatistics.OfBaseline([Of(10, 8)]));
    }

    [Fact]
    public void An_error_is_the_prediction_over_the_measurement_less_one()
    {
        Assert.Equal(-0.2, Of(10, 8).Error, 12);
        Assert.Equal(0.5, (Of(10, 8) with { Baseline = 15 }).BaselineError!.Value, 12);
    }

    [Fact]
    public void Coverage_counts_only_what_has_a_range()
    {
        Comparison[] all = [Of(10, 8) with { Range = new Interval(7, 10) }, Of(10, 8) with { Range = new Interval(7, 9.9) }, Of(10, 8)];

        Assert.Equal(0.5, ErrorStatistics.Of(all)!.Coverage!.Value, 12);
    }

    private static Comparison Of(double measured, double predicted) => new()
    {
        Id = "r",
        Label = "r",
        Metric = "m",
        Unit = "ms",
        Measured = measured,
        Predicted = predicted,
        System = "s",
    };
}
