using Inferometer.Measurement.Explanation;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Tests.Explanation;

/// <summary>Simulated times taken apart, in services whose bottleneck is known because they were made so.</summary>
public sealed class ServiceForecastTests
{
    public static TheoryData<string> Services =>
        ["users", "rate", "small cache", "prompts first", "few places", "static", "apart", "chunks"];

    [Theory]
    [MemberData(nameof(Services))]
    public void The_parts_add_up_to_the_simulated_means(string which)
    {
        ExplainedService service = which switch
        {
            "users" => ExplainedServices.Of(ExplainedServices.Users(32)),
            "rate" => ExplainedServices.Of(ExplainedServices.Rate(60)),
            "small cache" => ExplainedServices.Of(ExplainedServices.Users(32), o => o with { BlockCount = 900 }),
            "prompts first" => ExplainedServices.Of(
                ExplainedServices.Users(32), o => o with { Scheduler = o.Scheduler with { PrefillFirst = true } }),
            "few places" => ExplainedServices.Of(
                ExplainedServices.Users(32), o => o with { Scheduler = o.Scheduler with { MaxSequences = 8 } }),
            "static" => ExplainedServices.Of(
                ExplainedServices.Users(32), o => o with { Scheduler = o.Scheduler with { Batching = BatchingMode.Static } }),
            "apart" => ExplainedServices.Of(ExplainedServices.Users(32), o => o with
            {
                Replicas = 2,
                Disaggregation = new Disaggregation { PrefillReplicas = 1, BandwidthBytesPerSecond = 25e9, LatencySeconds = 1e-4 },
            }),
            _ => ExplainedServices.Of(
                ExplainedServices.Users(16, 6000), o => o with { Scheduler = o.Scheduler with { MaxTokensPerStep = 700 } }),
        };

        ServiceForecast forecast = ExplainedServices.Forecast(service);
        ServingReport report = forecast.Result.Report.Value;

        Assert.Equal(1000 * report.TimeToFirstToken!.Mean, forecast.TtftMs, 9);
        Assert.Equal(1000 * report.TimePerOutputToken!.Mean, forecast.TpotMs!.Value, 9);
        Assert.Equal(1000 * report.EndToEnd!.Mean, forecast.EndToEndMs, 9);
        Assert.Equal(forecast.TtftMs, forecast.FirstToken.Sum(p => p.Milliseconds), 1e-6 * forecast.TtftMs);
        Assert.Equal(forecast.TpotMs.Value, forecast.PerToken.Sum(p => p.Milliseconds), 1e-6 * forecast.TpotMs.Value);
        Assert.DoesNotContain(forecast.FirstToken, p => p.Key is "hand_over");
        Assert.All(forecast.FirstToken.Concat(forecast.PerToken), p => Assert.True(p.Milliseconds > 0, p.Name));
    }

    [Fact]
    public void A_service_that_is_observed_does_the_same()
    {
        ExplainedService service = ExplainedServices.Of(ExplainedServices.Rate(30), o => o with { BlockCount = 2000 });
        ICostPlan plan = ExplainedServices.Engine.Prepare(service.Config);
        ServiceResult plain = ServiceForecast.Of(
            plan, service.Traffic(plan), service.Options(plan), apart: false, TestContext.Current.CancellationToken).Result;

        ServiceResult observed = ExplainedServices.Forecast(service).Result;

        Assert.Equal(plain.Report.Value.TimeToFirstToken, observed.Report.Value.TimeToFirstToken);
        Assert.Equal(plain.Report.Value.TimePerOutputToken!.Mean, observed.Report.Value.TimePerOutputToken!.Mean, 12);
        Assert.Equal(plain.Load.Steps, observed.Load.Steps);
        Assert.Equal(plain.Report.Value.Preemptions, observed.Report.Value.Preemptions);
    }

    [Fact]
    public void One_user_waits_for_nobody_and_reads_weights()
    {
        ServiceForecast forecast = ExplainedServices.Forecast(ExplainedServices.Of(ExplainedServices.Users(1, requests: 20)));

        Assert.Equal("own_prompt", Assert.Single(forecast.FirstToken).Key);
        Assert.DoesNotContain(forecast.PerToken, p => p.Key is "prompt_stalls" or "preemption");
        Assert.True(ExplainedServices.Part(forecast.PerToken, "weights") > 0.7 * forecast.TpotMs);
    }

    [Fact]
    public void A_rate_above_what_it_can_serve_queues()
    {
        // A prompt of 4,000 tokens takes about 0.1 s of an H100: 30 of them a second are three times too many.
        ServiceForecast forecast = ExplainedServices.Forecast(ExplainedServices.Of(ExplainedServices.Rate(30, 4000, 50)));

        double queue = ExplainedServices.Part(forecast.FirstToken, "prompt_queue")
            + ExplainedServices.Part(forecast.FirstToken, "cache_queue");
        Assert.True(queue > 0.8 * forecast.TtftMs, $"{queue} of {forecast.TtftMs}");
        Assert.NotNull(forecast.Result.Overload);
    }

    [Fact]
    public void A_cache_for_a_third_of_the_requests_presses()
    {
        // 32 requests of 1,100 tokens hold 35,200; 12,000 tokens are room for eleven.
        ExplainedService small = ExplainedServices.Of(ExplainedServices.Users(32), o => o with { BlockCount = 12_000 / o.BlockSize });

        ServiceForecast pressed = ExplainedServices.Forecast(small);
        ServiceForecast free = ExplainedServices.Forecast(ExplainedServices.Of(ExplainedServices.Users(32)));

        Assert.True(ExplainedServices.Part(pressed.FirstToken, "cache_queue") > 0.7 * pressed.TtftMs);
        Assert.Equal(0, ExplainedServices.Part(free.FirstToken, "cache_queue"));
        Assert.Equal(0, ExplainedServices.Part(free.PerToken, "preemption"));
    }

    [Fact]
    public void Answers_that_outgrow_the_cache_are_preempted()
    {
        ServiceForecast forecast = ExplainedServices.Forecast(
            ExplainedServices.Of(ExplainedServices.Users(16, 100, 1000, 100), o => o with { BlockCount = 8000 / o.BlockSize }));

        Assert.True(forecast.Result.Report.Value.Preemptions > 0);
        Assert.True(ExplainedServices.Part(forecast.PerToken, "preemption") > 0);
    }

    [Fact]
    public void Fewer_places_than_users_are_waited_for()
    {
        ServiceForecast forecast = ExplainedServices.Forecast(
            ExplainedServices.Of(ExplainedServices.Users(32), o => o with { Scheduler = o.Scheduler with { MaxSequences = 8 } }));

        Assert.True(ExplainedServices.Part(forecast.FirstToken, "place_queue") > 0.8 * forecast.TtftMs);
        Assert.Equal(0, ExplainedServices.Part(forecast.FirstToken, "cache_queue"));
    }

    [Fact]
    public void Long_prompts_that_go_first_stall_short_answers()
    {
        TrafficOptions traffic = ExplainedServices.Users(16, 8000, 30);
        ServiceForecast first = ExplainedServices.Forecast(
            ExplainedServices.Of(traffic, o => o with { Scheduler = o.Scheduler with { PrefillFirst = true, ChunkedPrefill = false } }));

        Assert.True(ExplainedServices.Part(first.PerToken, "prompt_stalls") > 0.8 * first.TpotMs);
    }

    [Fact]
    public void What_the_host_takes_is_the_frameworks()
    {
        TrafficOptions traffic = ExplainedServices.Users(1, requests: 20);
        ServiceForecast plain = ExplainedServices.Forecast(ExplainedServices.Of(traffic));
        ServiceForecast slow = ExplainedServices.Forecast(
            ExplainedServices.Of(traffic, o => o with { Overhead = new StepOverhead(0.012, 0) }));

        Assert.Equal(12, ExplainedServices.Part(slow.PerToken, "framework"), 1e-3);
        Assert.Equal(ExplainedServices.Part(plain.PerToken, "weights"), ExplainedServices.Part(slow.PerToken, "weights"), 1e-3);
    }

    [Fact]
    public void Keys_and_values_that_travel_take_their_time()
    {
        const double LatencySeconds = 0.2;
        ServiceForecast forecast = ExplainedServices.Forecast(ExplainedServices.Of(ExplainedServices.Users(2, requests: 20), o => o with
        {
            Replicas = 2,
            Disaggregation = new Disaggregation { PrefillReplicas = 1, BandwidthBytesPerSecond = 1e15, LatencySeconds = LatencySeconds },
        }));

        Assert.True(ExplainedServices.Part(forecast.PerToken, "transfer") >= 1000 * LatencySeconds / 99);
        Assert.DoesNotContain(forecast.PerToken, p => p.Key is "prompt_stalls");
    }

    [Fact]
    public void A_calibration_adds_the_way_to_the_engine_and_ranges()
    {
        ExplainedService service = ExplainedServices.Of(ExplainedServices.Users(32), costModel: "calibrated");
        ServiceForecast forecast = ExplainedServices.Forecast(service);

        Assert.Equal(1000 * forecast.Result.Report.Value.TimeToFirstToken!.Mean, forecast.TtftMs, 6);
        Assert.Equal(
            1000 * forecast.Result.Load.BesideSeconds, ExplainedServices.Part(forecast.FirstToken, "admission"), 6);
        Assert.InRange(ExplainedServices.Part(forecast.FirstToken, "admission"), 10, forecast.TtftMs);
        Assert.Equal(forecast.TtftMs, forecast.FirstToken.Sum(p => p.Milliseconds), 3);
        Assert.InRange(forecast.TtftMs, forecast.TtftIntervalMs!.Value.Low, forecast.TtftIntervalMs.Value.High);
        Assert.InRange(forecast.TpotMs!.Value, forecast.TpotIntervalMs!.Value.Low, forecast.TpotIntervalMs.Value.High);
        Assert.InRange(forecast.EndToEndMs, forecast.EndToEndIntervalMs!.Value.Low, forecast.EndToEndIntervalMs.Value.High);
    }

    [Fact]
    public void A_service_gets_the_same_times_whether_it_is_simulated_or_explained()
    {
        ExplainedService service = ExplainedServices.Of(ExplainedServices.Users(32), costModel: "calibrated");
        ICostPlan plan = ExplainedServices.Engine.Prepare(service.Config);
        ServingReport simulated = ServingSimulation.Serve(
            service.Traffic(plan).Source(), plan, plan.Framework().OptionsFor(plan) with { WarmUp = service.Traffic(plan).WarmUp },
            TestContext.Current.CancellationToken).Report.Value;
        ServiceForecast forecast = ExplainedServices.Forecast(service); // step by step, as it is taken apart

        Assert.Equal(1000 * simulated.TimeToFirstToken!.Mean, forecast.TtftMs);
        Assert.Equal(1000 * simulated.TimePerOutputToken!.Mean, forecast.TpotMs);
        Assert.Equal(1000 * simulated.EndToEnd!.Mean, forecast.EndToEndMs);
    }

    [Fact]
    public void Prompts_in_a_step_are_felt_as_far_as_measured_services_feel_them()
    {
        ExplainedService service = ExplainedServices.Of(ExplainedServices.Users(32), costModel: "calibrated");
        ICostPlan plan = ExplainedServices.Engine.Prepare(service.Config);
        ServiceResult whole = ServingSimulation.Serve(
            service.Traffic(plan).Source(), plan, service.Options(plan) with { Coefficients = ServiceCoefficients.None },
            TestContext.Current.CancellationToken);

        ServiceForecast forecast = ExplainedServices.Forecast(service);

        Assert.InRange(plan.Service.PromptShare, 0.3, 0.95);
        Assert.True(forecast.TpotMs < 1000 * whole.Report.Value.TimePerOutputToken!.Mean);
    }
}
