using Inferometer.Core;
using Inferometer.Reports.Metrics;
using Inferometer.Reports.Showcase;
using Inferometer.Simulation;
using Inferometer.Simulation.Planning;

namespace Inferometer.Reports.Tests.Metrics;

public class MetricChoiceTests
{
    private static readonly Estimate One = Of("llama-3.1-8b");
    private static readonly Estimate Two = Of("llama-3.2-1b");
    private static readonly Estimate None = new(Two.Config, null) { Error = "impossible" };

    [Fact]
    public void The_better_comes_first_and_what_has_no_value_last()
    {
        Assert.Equal([Two, One, None], Sorted("ttft_ms", None, One, Two));
        Assert.Equal([Two, One, None], Sorted("throughput", None, One, Two));
        Assert.Equal([One, Two, None], Sorted("tpot_ms:desc", None, Two, One));
        Assert.Equal([One, Two], Sorted("devices", One, Two));
    }

    [Theory]
    [InlineData("ttft_ms<0", false)]
    [InlineData("ttft_ms>0", true)]
    [InlineData("devices<=1", true)]
    [InlineData("devices>=2", false)]
    [InlineData("devices < 1.5", true)]
    public void A_condition_is_met_or_not(string condition, bool met)
    {
        Assert.Equal(met, MetricChoice.OfEstimates.Filter(condition, "--filter").Accepts(One.Result));
        Assert.False(MetricChoice.OfEstimates.Filter(condition, "--filter").Accepts(None.Result));
    }

    [Theory]
    [InlineData("ttft_ms")]
    [InlineData("ttft_ms=5")]
    [InlineData("ttft_ms<5ms")]
    [InlineData("ttft_ms<1,000")]
    [InlineData("<5")]
    [InlineData("tfft<5")]
    [InlineData("ttft_ms<4<5")]
    public void Other_text_is_no_condition(string text) =>
        Assert.StartsWith(
            $"--filter: '{text}'",
            Assert.Throws<InferometerException>(() => MetricChoice.OfEstimates.Filter(text, "--filter")).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("ttft_ms:up")]
    [InlineData("ttft_ms:asc:desc")]
    [InlineData("")]
    [InlineData("tfft_ms")]
    public void Other_text_is_no_order(string text) =>
        Assert.StartsWith(
            $"--sort: '{text}'",
            Assert.Throws<InferometerException>(() => MetricChoice.OfEstimates.Order(text, "--sort")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Words_are_the_same_of_services_and_each_has_a_better_way()
    {
        Assert.Equal(MetricChoice.Words, MetricChoice.OfServices.Objectives.Select(o => o.Name));
        Assert.All(MetricChoice.OfServices.Objectives, o => Assert.NotEqual(Direction.None, o.Metric.Better));
        Assert.Equal("p90_ttft_ms", MetricChoice.OfServices.Filter("p90_ttft_ms<500", "--filter").Metric.Key);
        Assert.Contains(
            "such as p90_ttft_ms<500",
            Assert.Throws<InferometerException>(() => MetricChoice.OfServices.Filter("ttft", "--filter")).Message,
            StringComparison.Ordinal);
    }

    private static IReadOnlyList<Estimate> Sorted(string order, params Estimate[] estimates) =>
        MetricChoice.OfEstimates.Order(order, "--sort").Sort(estimates, e => e.Result);

    private static Estimate Of(string model) => Estimate.Of(Tour.Start(model, "h100"), new SimulationEngine());
}
