using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Results;

namespace Inferometer.Simulation.Tests.Costs;

public class CostSeamTests
{
    private const string Workload =
        """ "batch_size": 2, "input_tokens": 512, "output_tokens": 33, "system_name": "h100", "queueing_ms": 5 """;

    private readonly BandedCostModel _banded = new(new RooflineCostModel(), low: 0.75, middle: 1.25, high: 2);

    [Fact]
    public void A_whole_estimate_prices_each_phase_once_and_memory_prices_nothing()
    {
        RooflinePlan plan = (RooflinePlan)Pricing.Plan(Sample.Request(Sample.Llama3, batch: 4, input: 1000, output: 100));
        EstimateReport report = plan.Estimate();
        Assert.Equal(2, plan.Priced);
        Assert.True(report.Memory!.LargestBatch > 4 && report.Memory.LongestContextTokens > 1100);

        _ = plan.Evaluate(new(1, 10, 10));
        Assert.Equal(4, plan.Priced);
        _ = plan.Memory(new(1, 10, 10));
        _ = plan.EstimateMemory(new(1, 10, 10));
        Assert.Equal(4, plan.Priced);
    }

    [Theory]
    [InlineData("prefill,decode", "{WORK}", 1, 1, 0)]
    [InlineData("prefill", """{"input_tokens": 512}""", 1, 0, 0)]
    [InlineData("decode", "{WORK}", 0, 1, 0)]
    [InlineData("chunked", """{"decode_kv_sizes": [100]}""", 0, 0, 1)]
    public void A_simulation_asks_for_what_it_shows_once(string features, string parameters, int prefills, int decodes, int steps)
    {
        _ = Engine().Simulate(Config(features, parameters));
        Assert.Equal((1, prefills, decodes, steps), (_banded.Prepared, _banded.Prefills, _banded.Decodes, _banded.Steps));
    }

    [Fact]
    public void Memory_is_the_same_whether_the_phases_were_priced_or_not()
    {
        foreach (ModelArchitecture model in (ModelArchitecture[])[Sample.Llama3, Sample.Mixtral, Sample.DeepSeek])
        {
            ICostPlan plan = Pricing.Plan(Sample.Request(model) with { Parallelism = new(Tensor: 2, Pipeline: 2), MaxStepTokens = 0 });
            foreach (WorkloadPoint point in (WorkloadPoint[])[new(1, 1, 1), new(7, 900, 1), new(64, 3, 500), new(5, 600, 50, 2, 100)])
            {
                Assert.Equal(plan.Evaluate(point).Memory, plan.Memory(point));
            }
        }
    }

    [Fact]
    public void A_decorating_cost_model_carries_low_middle_and_high_to_the_metrics()
    {
        EstimateRequest request = Sample.Request(Sample.Llama3, batch: 2, input: 512, output: 33) with { QueueingSeconds = 1 };
        EstimateReport plain = new RooflineCostModel().Estimate(request);
        EstimateReport report = _banded.Estimate(request);
        ServingMetrics was = plain.Metrics, now = report.Metrics;
        double prefill = plain.Prefill.LatencySeconds, step = plain.Decode!.LatencySeconds;
        Assert.Equal(1.25 * prefill, report.Prefill.LatencySeconds, 1e-12);
        Equal(new(0.75 * prefill, 2 * prefill), report.Prefill.Totals.LatencyInterval);
        Assert.Equal(1 + (1.25 * prefill), now.TimeToFirstTokenSeconds, 1e-12);
        Equal(new(1 + (0.75 * prefill), 1 + (2 * prefill)), now.TimeToFirstTokenInterval);
        Equal(new(0.75 * step, 2 * step), now.TimePerOutputTokenInterval);
        Equal(new(0.75 * step, 2 * step), now.InterTokenLatencyInterval);
        Equal(new(1 + (0.75 * (was.EndToEndSeconds - 1)), 1 + (2 * (was.EndToEndSeconds - 1))), now.EndToEndInterval);

        // One output token: the request is its prefill.
        ServingMetrics one = _banded.Prepare(request).Evaluate(new(2, 512, 1)).Metrics;
        Assert.Equal(one.TimeToFirstTokenInterval, one.EndToEndInterval);
        Assert.Null(one.TimePerOutputTokenInterval);
    }

    [Fact]
    public void A_cost_model_without_intervals_gives_none_rather_than_equal_ends()
    {
        ServingMetrics metrics = new RooflineCostModel().Estimate(Sample.Request(Sample.Llama3, output: 9)).Metrics;
        Assert.Null(metrics.TimeToFirstTokenInterval);
        Assert.Null(metrics.EndToEndInterval);
        string json = new SimulationEngine().Simulate(Config("prefill,decode", """{WORK, "cost_model": "roofline"}""")).ToJson();
        Assert.DoesNotContain("interval", json, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("prefill,decode", "{WORK}")]
    [InlineData("prefill", """{"system_name": "h100"}""")]
    [InlineData("decode", """{"system_name": "h100", "speculative_decode": {"acceptance_rate": 0.5}}""")]
    [InlineData("chunked", """{"system_name": "h100", "prefill_kv_sizes": [[0, 64]]}""")]
    public void Intervals_reach_the_result_of_every_simulation(string features, string parameters)
    {
        SimulationConfig config = Config(features, parameters);
        SimulationResult result = Engine().Simulate(config);
        double queue = config.SimulationParams.Number("queueing_ms", 0);
        double middle = (result.Latency - queue) / 1.25;
        Assert.Equal("banded", result.CostModel);
        Equal(new(queue + (0.75 * middle), queue + (2 * middle)), result.LatencyInterval);
        double amount = result.Throughput * result.Latency;
        Equal(new(amount / result.LatencyInterval!.Value.High, amount / result.LatencyInterval.Value.Low), result.ThroughputInterval);
        Assert.Equal(result.Metrics.TtftMs is null, result.Metrics.TtftIntervalMs is null);
        Assert.Equal(result.Metrics.TpotMs is null, result.Metrics.TpotIntervalMs is null);
        Assert.Equal(result.Metrics.ItlMs is null, result.Metrics.ItlIntervalMs is null);
        Assert.Equal(result.Metrics.E2eMs is null, result.Metrics.E2eIntervalMs is null);
        Assert.Equal(result.LatencyInterval, SimulationResult.FromJson(result.ToJson()).LatencyInterval);
        Assert.Contains("corrected", result.Assumptions);
    }

    [Fact]
    public void A_configuration_prepared_once_gives_the_simulations_of_all_its_workloads()
    {
        SimulationEngine engine = new();
        ICostPlan plan = engine.Prepare(Config("prefill,decode", """{WORK, "tensor_parallel": 2}"""));
        Assert.Equal(512, plan.Request.Workload.InputTokens);
        foreach (int batch in (int[])[1, 3, 16])
        {
            SimulationConfig config = Config("prefill,decode", """{WORK, "tensor_parallel": 2}""");
            SimulationResult result = engine.Simulate(config with { SimulationParams = config.SimulationParams.With("batch_size", batch) });
            EstimateSummary summary = plan.Evaluate(WorkloadPoint.From(plan.Request.Workload) with { BatchSize = batch });
            Assert.Equal(result.Metrics.TtftMs, summary.Metrics.TimeToFirstTokenSeconds * 1000);
            Assert.Equal(result.Metrics.E2eMs, summary.Metrics.EndToEndSeconds * 1000);
            Assert.Equal(result.MemoryUsage!.TotalBytes, summary.Memory!.Value.TotalBytes);
        }
    }

    [Fact]
    public void Sequences_with_several_tokens_cost_what_the_check_of_a_draft_costs()
    {
        // n-gram lookup: a round is one step of 4 + 1 tokens for each of 3 sequences with 200 tokens cached.
        EstimateRequest request = Sample.Request(Sample.Mixtral, batch: 3, input: 200, output: 2);
        PhaseEstimate round = new RooflineCostModel().Decode(
            request with { Speculative = new() { DraftTokens = 4, AcceptanceRate = 0.5 } });
        PhaseEstimate step = new RooflineCostModel().MixedStep(request, new() { Decode = [new(205, Count: 3, NewTokens: 5)] });
        Assert.Equal(round.LatencySeconds, step.LatencySeconds, round.LatencySeconds * 1e-12);
        Assert.Equal(round.Totals.Flops, step.Totals.Flops, 1);
        Assert.Equal(15d * 2 * 4096 * 32000, step.One("lm_head").Flops); // A row of logits for every token.
        Assert.Equal(3d * 205 * 2048 * 2, step.One("attention_decode").KvReadBytes, 1e-6); // Read once per sequence.

        InferometerException error = Assert.Throws<InferometerException>(
            () => new RooflineCostModel().MixedStep(request, new() { Decode = [new(2, 1, NewTokens: 3)] }));
        Assert.Contains("NewTokens = 3", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("genz")]
    [InlineData("bud")]
    public void The_reproduced_simulators_price_such_sequences_as_chunks(string costModel)
    {
        ICostPlan plan = CostModels.Find(costModel, "test").Prepare(Sample.Request(Sample.Llama3));
        Assert.Equal(
            plan.Step([new(96, 4, 2)], [new(50)]).LatencySeconds, plan.Step([], [new(50), new(100, 2, NewTokens: 4)]).LatencySeconds);
        Assert.Null(plan.Memory(new(1, 1, 1)));
        Assert.Null(plan.EstimateMemory());
    }

    [Fact]
    public void Steps_and_memory_allocate_nothing()
    {
        ICostPlan plan = Pricing.Plan(Sample.Request(Sample.DeepSeek));
        PrefillChunk[] chunks = [new(512, 128, 1, EndsPrompt: false), new(0, 64)];
        DecodeGroup[] groups = [new(100, 3), new(900, 2, NewTokens: 4)];
        double sum = Priced();
        long before = GC.GetAllocatedBytesForCurrentThread();
        sum += Priced();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(sum > 0);

        double Priced() =>
            plan.Step(chunks, groups).LatencySeconds + plan.Step([], groups).LatencySeconds
                + plan.Memory(new(3, 100, 10))!.Value.TotalBytes;
    }

    private static void Equal(Interval expected, Interval? actual)
    {
        Assert.Equal(expected.Low, actual!.Value.Low, expected.Low * 1e-12);
        Assert.Equal(expected.High, actual.Value.High, expected.High * 1e-12);
    }

    private static SimulationConfig Config(string features, string parameters)
    {
        string values = parameters.Replace("WORK", Workload, StringComparison.Ordinal);
        return new()
        {
            Model = "llama-3.1-8b",
            Features = [.. features.Split(',')],
            SimulationParams = SimulationConfig.FromJson($$"""{"model": "m", "simulation_params": {{values}}}""").SimulationParams,
        };
    }

    private SimulationEngine Engine() => new(costModels: [new Named(_banded)]);

    /// <summary>Chosen by the default's name, so that configurations need not name it.</summary>
    private sealed class Named(ICostModel inner) : ICostModel
    {
        public string Name => CostModels.Default;

        public ICostPlan Prepare(EstimateRequest request) => inner.Prepare(request);
    }
}
