using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Measurement.Explanation;
using Inferometer.Simulation;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Tests.Explanation;

/// <summary>What is said of a measured service.</summary>
public sealed class ServiceExplainerTests
{
    private static readonly SimulationEngine Engine = new();

    [Fact]
    public void The_parts_are_those_of_the_closed_loop_and_add_up_to_its_times()
    {
        ICostPlan plan = Engine.Prepare(Config(64));
        var forecast = LoadForecast.Of(plan, WorkloadPoint.From(plan.Request.Workload));
        ClosedLoopEstimate loop = ClosedLoopModel.Estimate(plan, new ClosedLoopLoad(64, 1000, 200));

        Assert.Equal(1000 * loop.StallSeconds, Part(forecast.PerToken, "prompt_stalls"), 9);
        Assert.Equal(1000 * loop.TimePerOutputTokenSeconds, forecast.TpotMs, 6);
        Assert.Equal(1000 * loop.PromptSeconds, Part(forecast.FirstToken, "own_prompt"), 9);
        Assert.Equal(1000 * loop.TimeToFirstTokenSeconds, forecast.TtftMs, 6);
        Assert.Equal(1000 * loop.EndToEndSeconds, forecast.EndToEndMs, 3);
    }

    [Fact]
    public void Ranges_lie_around_the_times_they_belong_to()
    {
        SimulationConfig config = Config(64);
        ICostPlan plan = Engine.Prepare(config with { SimulationParams = config.SimulationParams.With("cost_model", "calibrated") });
        var forecast = LoadForecast.Of(plan, WorkloadPoint.From(plan.Request.Workload));
        Assert.NotNull(forecast.Basis);
        foreach ((double time, Interval? range) in new[]
        {
            (forecast.TtftMs, forecast.TtftIntervalMs), (forecast.TpotMs, forecast.TpotIntervalMs),
            (forecast.EndToEndMs, forecast.EndToEndIntervalMs),
        })
        {
            Assert.InRange(time, range!.Value.Low, range.Value.High);
        }
    }

    [Fact]
    public void One_user_waits_for_nobody()
    {
        ICostPlan plan = Engine.Prepare(Config(1));
        var forecast = LoadForecast.Of(plan, WorkloadPoint.From(plan.Request.Workload));

        Assert.DoesNotContain(forecast.FirstToken, p => p.Key is "prompt_queue" or "cache_room");
        Assert.DoesNotContain(forecast.PerToken, p => p.Key is "prompt_stalls");
        Assert.Equal("weights", forecast.PerToken[0].Key);
        Assert.True(Part(forecast.PerToken, "weights") > 0.7 * forecast.TpotMs);
    }

    [Fact]
    public void Users_without_room_wait_for_those_who_are_in()
    {
        ICostPlan plan = Engine.Prepare(Config(2000));
        var point = WorkloadPoint.From(plan.Request.Workload);
        var forecast = LoadForecast.Of(plan, point);

        Assert.InRange(forecast.Room!.Value, 100, 1000);
        Assert.True(Part(forecast.FirstToken, "cache_room") > 0.5 * forecast.TtftMs);
        Assert.Contains(
            new ServiceExplainer(Engine).Explain(Config(2000), new ObservedService(60_000, 60, null)).Findings,
            said => said.Contains("KV pressure governs TTFT", StringComparison.Ordinal));
    }

    [Fact]
    public void Advice_is_forecast_and_the_greatest_gain_comes_first()
    {
        ServiceExplanation explanation = new ServiceExplainer(Engine).Explain(Config(64), new ObservedService(900, 30, null));

        Assert.Equal(900 + (199 * 30), explanation.Observed.EndToEndMs!.Value, 9);
        Assert.NotEmpty(explanation.Advice);
        Assert.Equal(explanation.Advice.OrderByDescending(a => a.Gain), explanation.Advice);
        ServiceAdvice narrow = explanation.Advice.Single(a => a.Change.StartsWith("weights and activations", StringComparison.Ordinal));
        ICostPlan plan = Engine.Prepare(Config(64, ("weights", "fp8"), ("activations", "fp8")));
        var forecast = LoadForecast.Of(plan, WorkloadPoint.From(plan.Request.Workload));
        Assert.Equal(forecast.TpotMs, narrow.Forecast.TpotMs, 9);
        Assert.Equal(30 - explanation.Forecast.TpotMs + forecast.TpotMs, narrow.TpotMs, 9);
        double shorter = forecast.FirstToken[0].Milliseconds / explanation.Forecast.FirstToken[0].Milliseconds;
        Assert.Equal(forecast.TtftMs + ((900 - explanation.Forecast.TtftMs) * shorter), narrow.TtftMs, 9);
        Assert.Equal(1 - (narrow.EndToEndMs / explanation.Observed.EndToEndMs.Value), narrow.Gain, 9);
    }

    [Fact]
    public void What_is_not_explained_is_the_rest()
    {
        ServiceExplanation explanation = new ServiceExplainer(Engine).Explain(Config(64), new ObservedService(900, 30, null));

        Assert.Equal(30 - explanation.Forecast.TpotMs, explanation.UnexplainedTpotMs!.Value, 9);
        Assert.Equal(900 - explanation.Forecast.TtftMs, explanation.UnexplainedTtftMs!.Value, 9);
        Assert.Contains(explanation.Findings, f => f.StartsWith("TPOT is ", StringComparison.Ordinal));
        Assert.Contains(explanation.Findings, f => f.StartsWith("TTFT is ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(900.0, null, 6870.0, 900, 30)]
    [InlineData(null, 30.0, 6870.0, 900, 30)]
    public void The_third_time_follows_from_two(double? ttft, double? tpot, double? whole, double expectedTtft, double expectedTpot)
    {
        ObservedService observed = new ServiceExplainer(Engine).Explain(Config(64), new ObservedService(ttft, tpot, whole)).Observed;

        Assert.Equal(expectedTtft, observed.TtftMs!.Value, 9);
        Assert.Equal(expectedTpot, observed.TpotMs!.Value, 9);
    }

    [Theory]
    [InlineData(900.0, 30.0, 20.0, "TTFT is 900 ms, more than the 20 ms of the whole request")]
    [InlineData(null, 30.0, 20.0, "TPOT is 30 ms, more than the 20 ms of the whole request")]
    [InlineData(900.0, 0.03, null, "it must be another unit (seconds, not milliseconds)")]
    [InlineData(900.0, 30_000.0, null, "it must be another unit (microseconds, not milliseconds)")]
    [InlineData(0.1, 30.0, null, "TTFT is 0.1 ms where")]
    [InlineData(-900.0, 30.0, null, "TTFT is -900 ms; it must be above 0")]
    [InlineData(null, null, null, "nothing was measured")]
    public void Nonsense_is_refused(double? ttft, double? tpot, double? whole, string message)
    {
        InferometerException error = Assert.Throws<InferometerException>(
            () => new ServiceExplainer(Engine).Explain(Config(64), new ObservedService(ttft, tpot, whole)));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static double Part(IReadOnlyList<TimePart> parts, string key) =>
        parts.Single(p => string.Equals(p.Key, key, StringComparison.Ordinal)).Milliseconds;

    private static SimulationConfig Config(int users, params (string Part, string Format)[] formats)
    {
        JsonObject parameters = new()
        {
            ["system_name"] = "h100",
            ["batch_size"] = users,
            ["input_tokens"] = 1000,
            ["output_tokens"] = 200,
            ["cost_model"] = "roofline",
        };
        if (formats.Length > 0)
        {
            parameters["quantization"] = new JsonObject(
                formats.Select(f => new KeyValuePair<string, JsonNode?>(f.Part, JsonValue.Create(f.Format))));
        }

        return new SimulationConfig
        {
            Model = "llama-3.1-8b",
            Features = ["prefill", "decode", "flash_attention"],
            SimulationParams = new ParameterBag(parameters),
        };
    }
}
