using Inferometer.Core;
using Inferometer.Measurement.Explanation;
using Inferometer.Measurement.Validation;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Tests.Explanation;

/// <summary>What is said of a measured service.</summary>
public sealed class ServiceExplainerTests
{
    private static readonly TrafficOptions Load = ExplainedServices.Users(32);

    public static TheoryData<string> Causes => ["small_cache", "few_places", "host", "slow_device", "burst", "few_places+host"];

    [Theory]
    [MemberData(nameof(Causes))]
    public void A_cause_that_was_made_is_found(string made)
    {
        ServiceForecast stated = ExplainedServices.Forecast(ExplainedServices.Of(Load));
        double full = stated.Result.Load.PeakKvUse * stated.Result.Load.KvCapacityTokens;
        ExplainedService service = made switch
        {
            "small_cache" => ExplainedServices.Of(Load, o => o with { BlockCount = (int)(0.5 * full / o.BlockSize) }),
            "few_places" => ExplainedServices.Of(Load, o => o with { Scheduler = o.Scheduler with { MaxSequences = 23 } }),
            "host" => ExplainedServices.Of(Load, o => o with { Overhead = new StepOverhead(0.012, 0) }),
            "few_places+host" => ExplainedServices.Of(
                Load, o => o with { Overhead = new StepOverhead(0.02, 0), Scheduler = o.Scheduler with { MaxSequences = 16 } }),
            _ => ExplainedServices.Of(Load),
        };
        ServiceForecast measured = made switch
        {
            "burst" => ServiceForecast.Of(
                ExplainedServices.Engine.Prepare(service.Config), new ServiceTraffic(Load with { RampSeconds = 0 }, WarmUp.None),
                service.Options(ExplainedServices.Engine.Prepare(service.Config)), apart: false, TestContext.Current.CancellationToken),
            "slow_device" => ServiceForecast.Of(
                ExplainedServices.Engine.Prepare(service.Config), new ServiceTraffic(Load),
                service.Options(ExplainedServices.Engine.Prepare(service.Config)), apart: false,
                TestContext.Current.CancellationToken, slowness: 2.5),
            _ => ExplainedServices.Forecast(service),
        };

        ServiceExplanation explanation = ExplainedServices.Explain(ExplainedServices.Of(Load), measured.TtftMs, measured.TpotMs);

        Assert.True(explanation.Distance > 0.1, "the case differs from what is stated");
        Assert.NotNull(explanation.Cause);
        Assert.Equal(made, explanation.Cause.Key);
        Assert.True(explanation.Cause.Distance < 0.1);
        Assert.NotEmpty(explanation.Cause.Forecast.FirstToken);
        Assert.Contains(explanation.Findings, f => f.StartsWith("The measured times come out where", StringComparison.Ordinal));
        ServiceAdvice remedy = explanation.Advice.First(
            a => string.Equals(a.Change, explanation.Cause.Remedy, StringComparison.Ordinal));
        Assert.Equal(1 - (explanation.Forecast.EndToEndMs / explanation.Observed.EndToEndMs!.Value), remedy.Gain, 9);
    }

    [Fact]
    public void Causes_come_nearer_the_nearest_first()
    {
        ServiceExplanation explanation = ExplainedServices.Explain(ExplainedServices.Of(Load), 900, 30);

        Assert.NotEmpty(explanation.Causes);
        Assert.Equal(explanation.Causes.OrderBy(c => c.Distance), explanation.Causes);
        Assert.All(explanation.Causes, c => Assert.True(c.Distance < explanation.Distance));
        Assert.Equal(explanation.Causes.DistinctBy(c => c.Key, StringComparer.Ordinal), explanation.Causes);
    }

    [Fact]
    public void What_is_as_forecast_has_no_cause()
    {
        ServiceForecast forecast = ExplainedServices.Forecast(ExplainedServices.Of(Load));
        ServiceExplanation explanation = ExplainedServices.Explain(ExplainedServices.Of(Load), 1.03 * forecast.TtftMs, forecast.TpotMs);

        Assert.Empty(explanation.Causes);
        Assert.Null(explanation.Cause);
        Assert.Contains(explanation.Findings, f => f.StartsWith("Measurement and forecast agree", StringComparison.Ordinal));
    }

    [Fact]
    public void Advice_is_simulated_and_the_greatest_gain_comes_first()
    {
        ExplainedService service = ExplainedServices.Of(Load);
        ServiceForecast now = ExplainedServices.Forecast(service);
        ServiceExplanation explanation = ExplainedServices.Explain(service, now.TtftMs, now.TpotMs);

        Assert.Equal(explanation.Advice.OrderByDescending(a => a.Gain), explanation.Advice);
        ServiceAdvice narrow = explanation.Advice.Single(a => a.Change.StartsWith("weights and activations", StringComparison.Ordinal));
        ServiceForecast then = ExplainedServices.Forecast(
            ExplainedServices.Of(Load, null, "roofline", ("weights", "fp8"), ("activations", "fp8")));
        Assert.Equal(then.TpotMs!.Value, narrow.Forecast.TpotMs!.Value, 9);
        Assert.Equal(then.TtftMs, narrow.Forecast.TtftMs, 9);
        Assert.Equal(1 - (then.EndToEndMs / now.EndToEndMs), narrow.Gain, 9);
        ServiceAdvice twice = explanation.Advice.Single(a => a.Change.StartsWith("2 replicas", StringComparison.Ordinal));
        Assert.Equal(2, twice.Forecast.Result.Load.Devices);
    }

    [Fact]
    public void More_places_are_advised_where_they_are_full()
    {
        ServiceExplanation explanation = ExplainedServices.Explain(
            ExplainedServices.Of(Load, o => o with { Scheduler = o.Scheduler with { MaxSequences = 8 } }), 900, 8);

        Assert.Contains(explanation.Advice, a => a.Change.StartsWith("16 sequences at once instead of 8", StringComparison.Ordinal));
    }

    [Fact]
    public void A_cache_kept_small_is_advised_to_grow()
    {
        ServiceExplanation explanation = ExplainedServices.Explain(
            ExplainedServices.Of(Load, o => o with { BlockCount = 12_000 / o.BlockSize }), 1200, 8);

        Assert.Contains(explanation.Advice, a => a.Change.StartsWith("as much KV cache", StringComparison.Ordinal) && a.Gain > 0.1);
        Assert.Contains(explanation.Findings, f => f.StartsWith("KV pressure", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_not_explained_is_the_rest()
    {
        ServiceExplanation explanation = ExplainedServices.Explain(ExplainedServices.Of(Load), 900, 30);

        Assert.Equal(30 - explanation.Forecast.TpotMs, explanation.UnexplainedTpotMs);
        Assert.Equal(900 - explanation.Forecast.TtftMs, explanation.UnexplainedTtftMs);
    }

    [Theory]
    [InlineData(900.0, null, 3870.0, 900, 30)]
    [InlineData(null, 30.0, 3870.0, 900, 30)]
    public void The_third_time_follows_from_two(double? ttft, double? tpot, double? whole, double expectedTtft, double expectedTpot)
    {
        ObservedService observed = ExplainedServices.Explain(ExplainedServices.Of(Load), ttft, tpot, whole).Observed;

        Assert.Equal(expectedTtft, observed.TtftMs!.Value, 9);
        Assert.Equal(expectedTpot, observed.TpotMs!.Value, 9);
    }

    // Several tokens share a step where they are drafted for it.
    [Fact]
    public void The_least_times_follow_from_the_weights()
    {
        ICostPlan plan = ExplainedServices.Engine.Prepare(ExplainedServices.Of(Load).Config);
        double step = 1000 * plan.Weights.Sum(w => w.Bytes) / plan.Request.System.Device.MemoryBandwidth;

        LeastTimes least = LeastTimes.Of(plan, 100)!;

        Assert.InRange(least.TpotMs, 0.9 * step, 1.01 * step);
        Assert.Equal(least.TpotMs, least.TtftMs, 9);
        Assert.Equal(100 * least.TpotMs, least.EndToEndMs, 6);
    }

    [Theory]
    [InlineData(900.0, 30.0, 20.0, "TTFT is 900 ms, more than the 20 ms of the whole request")]
    [InlineData(null, 30.0, 20.0, "TPOT is 30 ms, more than the 20 ms of the whole request")]
    [InlineData(900.0, 0.03, null, "it must be another unit (seconds, not milliseconds)")]
    [InlineData(900.0, 30_000.0, null, "it must be another unit (microseconds, not milliseconds)")]
    [InlineData(0.1, 30.0, null, "TTFT is 0.1 ms where")]
    [InlineData(0.45, 12.0, null, "TTFT is 0.45 ms, but reading")]
    [InlineData(null, null, 0.4, "E2E is 0.4 ms where")]
    [InlineData(4.0, null, null, "TTFT is 4 ms, but reading the weights once for every step takes 4.4")]
    [InlineData(null, 1.0, null, "TPOT is 1 ms, but reading the weights once for every step takes 4.4")]
    [InlineData(null, null, 400.0, "E2E is 400 ms, but reading the weights once for every step takes 44")]
    [InlineData(-900.0, 30.0, null, "TTFT is -900 ms; it must be above 0")]
    [InlineData(null, null, null, "nothing was measured")]
    public void Nonsense_is_refused(double? ttft, double? tpot, double? whole, string message)
    {
        InferometerException error = Assert.Throws<InferometerException>(
            () => ExplainedServices.Explain(ExplainedServices.Of(Load), ttft, tpot, whole));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
