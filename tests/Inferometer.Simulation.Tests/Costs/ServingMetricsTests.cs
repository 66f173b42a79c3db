using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

public class ServingMetricsTests
{
    private static readonly MetricInputs Inputs = new()
    {
        BatchSize = 4,
        InputTokens = 1000,
        OutputTokens = 101,
        Devices = 2,
        QueueingSeconds = 0.5,
        PrefillSeconds = 0.2,
        StepSeconds = 0.0089,
        TokensPerStep = 1,
        PrefillWatts = 300,
        DecodeWatts = 200,
        PricePerHourUsd = 3.6,
    };

    [Fact]
    public void A_step_of_8_9_ms_is_a_TPOT_of_8_9_ms_and_the_first_token_is_counted_once()
    {
        ServingMetrics metrics = ServingMetrics.From(Inputs);
        Assert.Equal(0.7, metrics.TimeToFirstTokenSeconds, 1e-15);
        Assert.Equal(0.0089, metrics.TimePerOutputTokenSeconds, 1e-15);
        Assert.Equal(0.0089, metrics.InterTokenLatencySeconds, 1e-15);
        Assert.Equal(0.7 + (100 * 0.0089), metrics.EndToEndSeconds, 1e-12); // 1.59 s
    }

    [Fact]
    public void Throughputs_follow_from_the_phases()
    {
        ServingMetrics metrics = ServingMetrics.From(Inputs);
        Assert.Equal(4000 / 0.2, metrics.PrefillTokensPerSecond, 1e-9);
        Assert.Equal(4 / 0.0089, metrics.DecodeTokensPerSecond, 1e-9);
        Assert.Equal(404 / 1.59, metrics.OutputTokensPerSecond, 1e-9);
        Assert.Equal(4404 / 1.59, metrics.TotalTokensPerSecond, 1e-9);
        Assert.Equal(4 / 1.59, metrics.RequestsPerSecond, 1e-9);
    }

    [Fact]
    public void Energy_and_cost_count_the_devices_while_they_work()
    {
        ServingMetrics metrics = ServingMetrics.From(Inputs);

        // 2 devices x (300 W x 0.2 s + 200 W x 0.89 s) = 476 J over 404 tokens; 2 x 3.6 $/h x 1.09 s = 0.218 cents.
        Assert.Equal(476 / 404.0, metrics.EnergyPerTokenJoules!.Value, 1e-12);
        Assert.Equal(476 / 1.09, metrics.AveragePowerWatts!.Value, 1e-9);
        Assert.Equal(0.00218 / 404 * 1e6, metrics.CostPerMillionTokensUsd!.Value, 1e-9);
    }

    [Fact]
    public void Unknown_power_and_price_stay_unknown()
    {
        ServingMetrics metrics = ServingMetrics.From(Inputs with { PrefillWatts = double.NaN, PricePerHourUsd = null });
        Assert.Null(metrics.EnergyPerTokenJoules);
        Assert.Null(metrics.AveragePowerWatts);
        Assert.Null(metrics.CostPerMillionTokensUsd);
    }

    [Fact]
    public void Power_is_a_straight_line_from_idle_to_TDP()
    {
        PowerModel model = new() { IdleFraction = 0.3 };
        Assert.Equal(120, model.Watts(400, 0, 0)!.Value, 1e-12);
        Assert.Equal(400 * (0.3 + (0.7 * 0.7)), model.Watts(400, 0.2, 0.5)!.Value, 1e-12);
        Assert.Equal(400, model.Watts(400, 1, 1)!.Value, 1e-12);
    }

    [Fact]
    public void One_output_token_needs_no_decode()
    {
        EstimateReport report = new RooflineCostModel().Estimate(Sample.Request(Sample.Llama2, output: 1));
        Assert.Null(report.Decode);
        Assert.Equal(0, report.Metrics.TimePerOutputTokenSeconds);
        Assert.Equal(report.Prefill.LatencySeconds, report.Metrics.EndToEndSeconds);
    }

    [Fact]
    public void Speculative_rounds_deliver_several_tokens()
    {
        ServingMetrics metrics = ServingMetrics.From(Inputs with { TokensPerStep = 2 });
        Assert.Equal(0.00445, metrics.TimePerOutputTokenSeconds, 1e-15);
        Assert.Equal(0.0089, metrics.InterTokenLatencySeconds, 1e-15);
    }
}
