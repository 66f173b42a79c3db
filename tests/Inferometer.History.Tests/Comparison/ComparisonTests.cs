using Inferometer.History.Comparison;
using Inferometer.History.Records;

namespace Inferometer.History.Tests.Comparison;

public sealed class ComparisonTests
{
    [Fact]
    public void Equal_runs_do_not_differ()
    {
        RunRecord run = SampleRuns.Bench([10, 11, 12, 11, 10]);
        MetricDifference difference = Assert.Single(RunComparison.Of(run, run).Differences);
        Assert.Equal((0, Verdict.Same), (difference.Difference, difference.Verdict));
    }

    [Fact]
    public void A_clear_change_is_told_with_its_way()
    {
        RunRecord slow = SampleRuns.Bench([100, 101, 99, 100, 100]), fast = SampleRuns.Bench([120, 121, 119, 120, 120]);
        MetricDifference up = RunComparison.Of(slow, fast).Find("tg128")!, down = RunComparison.Of(fast, slow).Find("tg128")!;
        Assert.Equal((Verdict.Better, Verdict.Worse), (up.Verdict, down.Verdict));
        Assert.Equal(0.2, up.Relative!.Value, 1e-9);
        Assert.Equal(-0.2, up.Regression!.Value, 1e-9);
        Assert.InRange(20, up.Interval!.Value.Low, up.Interval.Value.High);
    }

    [Fact]
    public void A_single_value_has_no_spread()
    {
        MetricDifference difference = RunComparison.Of(SampleRuns.Bench([100]), SampleRuns.Bench([50])).Differences[0];
        Assert.Equal((Verdict.Unknown, null), (difference.Verdict, difference.Interval));
    }

    [Fact]
    public void The_same_question_has_the_same_answer()
    {
        RunRecord a = SampleRuns.Bench([100, 104, 97]), b = SampleRuns.Bench([101, 99, 106]);
        Assert.Equal(RunComparison.Of(a, b).Differences[0].Interval, RunComparison.Of(a, b).Differences[0].Interval);
    }

    // Of runs that are truly alike about one in twenty may be told apart; of few values too, for which a plain bootstrap tells twice as
    // many.
    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(50)]
    public void Intervals_leave_out_the_truth_as_seldom_as_they_say(int values)
    {
        Random random = new(values);
        int told = Enumerable.Range(0, 400).Count(
            _ => RunComparison.Of(SampleRuns.Bench(Draw()), SampleRuns.Bench(Draw())).Differences[0].Verdict is not Verdict.Same);
        Assert.InRange(told, 1, 400 * 0.08);

        double[] Draw() => [.. Enumerable.Range(0, values).Select(
            _ => 100 + (10 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }

    // Three values that scatter widely: widened as a difference, a rate would be said to fall by more than all of it.
    [Fact]
    public void A_rate_cannot_fall_by_more_than_all_of_it()
    {
        RunRecord steady = SampleRuns.Bench([2150, 1800, 2500]), wild = SampleRuns.Bench([2400, 700, 1364]);
        MetricDifference down = RunComparison.Of(steady, wild).Differences[0], up = RunComparison.Of(wild, steady).Differences[0];
        Assert.InRange(down.RelativeInterval!.Value.Low, -1, down.Relative!.Value);
        Assert.InRange(up.RelativeInterval!.Value.Low, -1, up.Relative!.Value);
        Assert.Equal(Verdict.Same, down.Verdict);
        Assert.InRange(0, down.RelativeInterval.Value.Low, down.RelativeInterval.Value.High);

        // Swapping the two turns the ratio about, but for the draws, which are others.
        double highest = Math.Log(1 + up.RelativeInterval.Value.High);
        Assert.Equal(highest, -Math.Log(1 + down.RelativeInterval.Value.Low), 0.3 * highest);
    }

    [Theory]
    [InlineData(Statistic.Mean, 4.0)]
    [InlineData(Statistic.Median, 3.0)]
    [InlineData(Statistic.P90, 7.6)]
    [InlineData(Statistic.P99, 9.76)]
    public void Statistics_are_those_of_numpy(Statistic statistic, double expected) =>
        Assert.Equal(expected, Statistics.Of(statistic, [10, 1, 2, 3, 4]), 1e-9);

    [Fact]
    public void Statistics_of_resamples_count_values_as_often_as_they_were_drawn()
    {
        double[] sorted = [1, 2, 3, 4, 10];
        Assert.Equal(Statistics.Of(Statistic.P90, [1, 1, 4, 4, 4]), Statistics.Of(Statistic.P90, sorted, [2, 0, 0, 3, 0]), 1e-12);
        Assert.Equal(Statistics.Of(Statistic.Median, [2, 2, 10, 10, 10]), Statistics.Of(Statistic.Median, sorted, [0, 2, 0, 0, 3]), 1e-12);
        Assert.Equal(Statistics.Of(Statistic.StandardDeviation, [1, 1, 1, 1, 10]),
            Statistics.Of(Statistic.StandardDeviation, sorted, [4, 0, 0, 0, 1]), 1e-12);
    }

    [Theory]
    [InlineData(1, 12.7062)]
    [InlineData(3, 3.1824)]
    [InlineData(4, 2.7764)]
    [InlineData(10, 2.2281)]
    [InlineData(30, 2.0423)]
    public void Student_is_that_of_tables(int freedom, double expected) => Assert.Equal(expected, Normal.Student975(freedom), 0.004);

    [Fact]
    public void What_differs_in_what_was_asked_is_told()
    {
        RunComparison comparison = RunComparison.Of(SampleRuns.Bench([1, 2]), SampleRuns.Bench([1, 2], model: "other.gguf"));
        Assert.Contains("tiny.gguf and other.gguf", Assert.Single(comparison.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Standard_errors_do_where_values_are_missing()
    {
        RunRecord a = OfPerplexity(10, 0.1), b = OfPerplexity(10.1, 0.1), c = OfPerplexity(11, 0.1);
        Assert.Equal(Verdict.Same, RunComparison.Of(a, b).Differences[0].Verdict);
        Assert.Equal(Verdict.Worse, RunComparison.Of(a, c).Differences[0].Verdict);
        Interval interval = RunComparison.Of(a, c).Differences[0].Interval!.Value;
        Assert.Equal(2 * 1.96 * 0.1 * Math.Sqrt(2), interval.High - interval.Low, 0.06);
    }

    // Equal figures of two runs vary by themselves as others do.
    [Fact]
    public void Two_equal_figures_differ_by_chance()
    {
        MetricDifference difference = RunComparison.Of(OfPerplexity(10, 0.1), OfPerplexity(10, 0.2)).Differences[0];
        Assert.Equal(2 * 1.96 * Math.Sqrt(0.01 + 0.04), difference.Interval!.Value.High - difference.Interval!.Value.Low, 0.08);
        Assert.Equal(Verdict.Same, difference.Verdict);
    }

    // With their errors alone, large and small, either side larger.
    [Theory]
    [InlineData(10, 4, 3, 1)]
    [InlineData(10, 0.5, 3, 2.9)]
    [InlineData(10, 9, 0.5, 8)]
    [InlineData(10, 1, 0, 8)]
    public void A_figure_not_below_0_cannot_fall_by_more_than_all_of_it(double a, double errorOfA, double b, double errorOfB)
    {
        MetricDifference difference = RunComparison.Of(OfPerplexity(a, errorOfA), OfPerplexity(b, errorOfB)).Differences[0];
        Interval relative = difference.RelativeInterval!.Value;
        Assert.InRange(relative.Low, -1, difference.Relative!.Value);
        Assert.True(double.IsFinite(relative.High) && relative.High >= difference.Relative);
    }

    private static RunRecord OfPerplexity(double value, double error) => (SampleRuns.Bench([1]) with
    {
        Metrics = [new RunMetric { Key = "perplexity", Name = "Perplexity", Unit = "", Better = Better.Lower, Value = value,
            StandardError = error }],
        Series = [],
    }).Sealed();
}
