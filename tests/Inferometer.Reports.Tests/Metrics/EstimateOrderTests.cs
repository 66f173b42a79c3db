using Inferometer.Core;
using Inferometer.Reports.Metrics;
using Inferometer.Reports.Showcase;
using Inferometer.Simulation;
using Inferometer.Simulation.Planning;

namespace Inferometer.Reports.Tests.Metrics;

public class EstimateOrderTests
{
    private static readonly Estimate One = Of("llama-3.1-8b");
    private static readonly Estimate Two = Of("llama-3.2-1b");
    private static readonly Estimate None = new(Two.Config, null) { Error = "impossible" };

    [Fact]
    public void The_better_comes_first_and_what_has_no_value_last()
    {
        Assert.Equal([Two, One, None], EstimateOrder.Parse("ttft_ms", "--sort").Sort([None, One, Two]));
        Assert.Equal([Two, One, None], EstimateOrder.Parse("throughput", "--sort").Sort([None, One, Two]));
        Assert.Equal([One, Two, None], EstimateOrder.Parse("tpot_ms:desc", "--sort").Sort([None, Two, One]));
        Assert.Equal([One, Two], EstimateOrder.Parse("devices", "--sort").Sort([One, Two]));
    }

    [Theory]
    [InlineData("ttft_ms<0", false)]
    [InlineData("ttft_ms>0", true)]
    [InlineData("devices<=1", true)]
    [InlineData("devices>=2", false)]
    [InlineData("devices < 1.5", true)]
    public void A_condition_is_met_or_not(string condition, bool met)
    {
        Assert.Equal(met, EstimateFilter.Parse(condition, "--filter").Accepts(One));
        Assert.False(EstimateFilter.Parse(condition, "--filter").Accepts(None));
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
            Assert.Throws<InferometerException>(() => EstimateFilter.Parse(text, "--filter")).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("ttft_ms:up")]
    [InlineData("ttft_ms:asc:desc")]
    [InlineData("")]
    [InlineData("tfft_ms")]
    public void Other_text_is_no_order(string text) =>
        Assert.StartsWith(
            $"--sort: '{text}'",
            Assert.Throws<InferometerException>(() => EstimateOrder.Parse(text, "--sort")).Message,
            StringComparison.Ordinal);

    private static Estimate Of(string model) => Estimate.Of(Tour.Start(model, "h100"), new SimulationEngine());
}
