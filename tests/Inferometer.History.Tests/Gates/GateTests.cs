using System.Xml.Linq;
using Inferometer.Core;
using Inferometer.History.Comparison;
using Inferometer.History.Gates;
using Inferometer.History.Records;

namespace Inferometer.History.Tests.Gates;

public sealed class GateTests
{
    private static readonly double[] Before = [100, 101, 99, 100, 100];

    [Theory]
    [InlineData(new double[] { 80, 81, 79, 80, 80 }, GateOutcome.Failed)]
    [InlineData(new double[] { 98, 99, 97, 98, 98 }, GateOutcome.Passed)] // certainly worse, and allowed
    [InlineData(new double[] { 40, 160, 90, 70, 110 }, GateOutcome.Passed)] // worse than allowed, and perhaps by chance
    [InlineData(new double[] { 120, 121, 119, 120, 120 }, GateOutcome.Passed)]
    [InlineData(new double[] { 50 }, GateOutcome.Unproven)]
    [InlineData(new double[] { 1, 180 }, GateOutcome.Unproven)] // so far apart that half the speed would not stand out
    public void A_regression_counts_where_it_is_beyond_the_limit_and_certain(double[] after, GateOutcome expected)
    {
        var gate = Gate.Of(RunComparison.Of(SampleRuns.Bench(Before), SampleRuns.Bench(after)), 0.05, []);
        Assert.Equal(expected, Assert.Single(gate.Checks).Outcome);
        Assert.Equal(expected is GateOutcome.Passed, gate.Passed);
        Assert.Equal(expected is GateOutcome.Unproven, gate.IsUndecided);
    }

    // The words of the table, the report and the annotations.
    [Theory]
    [InlineData(new double[] { 80, 81, 79, 80, 80 }, "failed: certainly worse")]
    [InlineData(new double[] { 98, 99, 97, 98, 98 }, null)]
    [InlineData(new double[] { 40, 160, 90, 70, 110 }, "passed: may be chance")]
    [InlineData(new double[] { 50 }, "unproven: no spread")]
    [InlineData(new double[] { 1, 180 }, "unproven: spread too wide")]
    public void Why_is_said_in_the_same_words_everywhere(double[] after, string? expected)
    {
        GateCheck check = Assert.Single(Gate.Of(RunComparison.Of(SampleRuns.Bench(Before), SampleRuns.Bench(after)), 0.05, []).Checks);
        Assert.Equal(expected, check.Reason is { } reason ? $"{GateText.OutcomeOf(check)}: {reason}" : null);
        Assert.EndsWith(
            expected is null ? "5.0 % worse." : $"5.0 % worse; {expected}.", GateText.Sentence(check), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_unproven_passes_beside_what_is_not()
    {
        var gate = Gate.Of(RunComparison.Of(Two([100, 101, 99], [10]), Two([100, 101, 99], [5])), 0.05, []);
        Assert.Equal([GateOutcome.Passed, GateOutcome.Unproven], gate.Checks.Select(c => c.Outcome));
        Assert.True(gate.Passed);
    }

    // Nine times the time, of a thousand requests each.
    [Fact]
    public void The_mean_stands_in_for_a_median_without_spread()
    {
        var gate = Gate.Of(RunComparison.Of(Latencies(100), Latencies(900)), 0.05, []);
        GateCheck check = Assert.Single(gate.Checks);
        Assert.Equal(("mean_ttft_ms", GateOutcome.Failed), (check.Figure.Key, check.Outcome));
        Assert.False(gate.Passed);
    }

    private static RunRecord Latencies(double milliseconds)
    {
        RunMetric mean = SampleRuns.Rate("mean_ttft_ms", [milliseconds]) with
        {
            Unit = "ms",
            Better = Better.Lower,
            Series = null,
            IsHeadline = false,
            StandardError = milliseconds / 10 / Math.Sqrt(1000),
        };
        RunMetric median = mean with { Key = "median_ttft_ms", IsHeadline = true, StandardError = null };
        return (SampleRuns.Bench([milliseconds]) with { Metrics = [mean, median], Series = [] }).Sealed();
    }

    [Fact]
    public void A_figure_may_have_a_limit_of_its_own()
    {
        var comparison = RunComparison.Of(SampleRuns.Bench(Before), SampleRuns.Bench([80, 81, 79, 80, 80]));
        Assert.True(Gate.Of(comparison, 0.05, [GateLimit.Parse("tg128:25%", "--metric")]).Passed);
        Assert.False(Gate.Of(comparison, 0.25, [GateLimit.Parse("tg128:0.1", "--metric")]).Passed);
    }

    [Fact]
    public void A_figure_that_is_not_there_is_told_with_those_that_are()
    {
        var comparison = RunComparison.Of(SampleRuns.Bench(Before), SampleRuns.Bench(Before));
        string message = Assert.Throws<InferometerException>(() => Gate.Of(comparison, 0.05, [new GateLimit("tg12", null)])).Message;
        Assert.Contains("'tg12' is not a figure of both runs", message, StringComparison.Ordinal);
        Assert.Contains("tg128", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5%", 0.05)]
    [InlineData("0.05", 0.05)]
    [InlineData("12.5 %", 0.125)]
    public void Shares_are_read(string text, double share) => Assert.Equal(share, GateLimit.ReadShare(text, "x"), 1e-12);

    [Theory]
    [InlineData("-5%")]
    [InlineData("five")]
    [InlineData("2000%")]
    [InlineData("")]
    [InlineData("5")] // 500 %, by somebody who means 5
    public void Other_shares_are_refused(string text) => Assert.Throws<InferometerException>(() => GateLimit.ReadShare(text, "x"));

    [Fact]
    public void JUnit_and_annotations_say_what_failed()
    {
        RunRecord before = Two([100, 101, 99], [10]), after = Two([50, 51, 49], [5]);
        var gate = Gate.Of(RunComparison.Of(before, after), 0.05, []);
        using MemoryStream stream = new();
        GateText.WriteJUnit(gate, stream);
        stream.Position = 0;
        XElement suite = XDocument.Load(stream).Root!.Element("testsuite")!;
        Assert.Equal(("2", "1", "1"),
            ((string)suite.Attribute("tests")!, (string)suite.Attribute("failures")!, (string)suite.Attribute("skipped")!));
        Assert.Contains("100 tokens/s became 50 tokens/s", (string)suite.Descendants("failure").Single(
            ).Attribute("message")!, StringComparison.Ordinal);
        string[] lines = [.. GateText.Annotations(gate)];
        Assert.StartsWith("::error title=inferometer gate%3A tg128::tg128: 100 tokens/s became 50 tokens/s (-50.0 %25, ", lines[0],
            StringComparison.Ordinal);
        Assert.StartsWith("::warning title=inferometer gate%3A pp512::", lines[1], StringComparison.Ordinal);
    }

    private static RunRecord Two(double[] generated, double[] prompt) => (SampleRuns.Bench(generated) with
    {
        Metrics = [SampleRuns.Rate("tg128", generated), SampleRuns.Rate("pp512", prompt)],
        Series = [new RunSeries("tg128", "tokens/s", generated), new RunSeries("pp512", "tokens/s", prompt)],
    }).Sealed();
}
