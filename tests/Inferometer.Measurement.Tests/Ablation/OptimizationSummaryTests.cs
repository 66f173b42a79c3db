using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Gguf;
using Inferometer.Core.Hardware;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Ablation;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Tests;

namespace Inferometer.Measurement.Tests.Ablation;

public sealed class OptimizationSummaryTests
{
    private static readonly Workload Load = new() { BatchSize = 8, InputTokens = 64, OutputTokens = 16, CachedPrefixTokens = 32 };

    // One socket of round figures: 1 TFLOP/s, 50 GB/s, no start-up costs, so that gains follow from bytes and operations alone.
    private static readonly HardwareSystem Machine = new()
    {
        Name = "test socket",
        Device = new Device
        {
            Name = "test socket",
            Kind = "cpu",
            PeakOperationsPerSecond = new Dictionary<MathFormat, double> { [MathFormat.Fp32] = 1e12, [MathFormat.Bf16] = 1e12 },
            MemoryBytes = 32e9,
            MemoryBandwidth = 50e9,
            Efficiency = new DeviceEfficiency { LaunchSeconds = 0, ReservedBytes = 0 },
        },
        DevicesPerNode = 1,
        IntraNode = new Link(1e9, 0),
        InterNode = new Link(1e9, 0),
    };

    private static EstimateRequest Request(string model) => new()
    {
        Architecture = GgufArchitectureReader.Read(SharedFolder.Require(model)),
        System = Machine,
        Precisions = new PrecisionSet { Weights = Precision.Fp16, Activations = Precision.Fp32, KvCache = Precision.Fp16 },
        Workload = Load,
    };

    private static double Gain(OptimizationSummary summary, Optimization optimization) =>
        summary.Gains.Single(g => g.Optimization == optimization).ExpectedSpeedup;

    [Fact]
    public void Expected_gains_are_ratios_of_two_estimates_of_the_cost_model()
    {
        EstimateRequest request = Request(SmallModels.Tales);
        OptimizationSummary summary = new OptimizationForecast(request, new InferenceOptions()).Summarize();
        RooflineCostModel model = new();
        double on = model.Prepare(request).Estimate().Metrics.EndToEndSeconds;
        double oneByOne = 8 * model.Prepare(request with { Workload = Load with { BatchSize = 1 } }).Estimate().Metrics.EndToEndSeconds;
        double withoutPrefix =
            model.Prepare(request with { Workload = Load with { CachedPrefixTokens = 0 } }).Estimate().Metrics.EndToEndSeconds;
        double withoutTiles = model.Prepare(request with { FlashAttention = false }).Estimate().Metrics.EndToEndSeconds;
        Assert.Equal(oneByOne / on, Gain(summary, Optimization.Batching), 1e-9);
        Assert.Equal(withoutPrefix / on, Gain(summary, Optimization.PrefixCache), 1e-9);
        Assert.Equal(withoutTiles / on, Gain(summary, Optimization.FlashAttention), 1e-9);
        Assert.All(summary.Gains, g => Assert.True(g.ExpectedSpeedup >= 1 && g.IsEnabled && g.MeasuredSpeedup is null));
        Assert.True(Gain(summary, Optimization.KvCache) > 1);
        Assert.True(summary.ExpectedSpeedup >= summary.Gains.Max(g => g.ExpectedSpeedup));
    }

    [Fact]
    public void Grouped_heads_save_what_the_cache_would_hold_for_every_query_head()
    {
        // 4 query heads over 2 KV heads: the cache alone halves, activations stay.
        OptimizationSummary summary = new OptimizationForecast(Request(SmallModels.Tales), new InferenceOptions()).Summarize();
        OptimizationGain gain = summary.Gains.Single(g => g.Optimization == Optimization.GroupedHeads);
        Assert.Equal(2 * gain.On.Predicted.KvBytes, gain.Off.Predicted.KvBytes, 1e-6);
        Assert.InRange(gain.ExpectedMemorySaving, 0.01, 0.5);
        Assert.Null(gain.MeasuredMemorySaving);
    }

    [Fact]
    public void What_is_off_is_listed_as_off_with_what_it_would_gain()
    {
        InferenceOptions options = new() { FlashAttention = false, Batching = Scheduling.BatchingMode.Off };
        OptimizationSummary summary = new OptimizationForecast(Request(SmallModels.Tales), options).Summarize();
        OptimizationGain batching = summary.Gains.Single(g => g.Optimization == Optimization.Batching);
        Assert.False(batching.IsEnabled);
        Assert.True(batching.ExpectedSpeedup > 1);
    }

    [Fact]
    public void The_ladder_starts_with_everything_off_and_ends_as_configured()
    {
        InferenceOptions options = new() { GroupedHeads = false };
        OptimizationSummary summary = new OptimizationForecast(Request(SmallModels.Tales), options).Summarize();
        Assert.Equal(
            [null, Optimization.KvCache, Optimization.FlashAttention, Optimization.Batching, Optimization.PrefixCache],
            summary.Ladder.Select(step => step.Added));
        Assert.Equal(OptimizationConfiguration.None, summary.Ladder[0].Current.Configuration);
        Assert.Equal(OptimizationConfiguration.Of(options), summary.Ladder[^1].Current.Configuration);
        Assert.Equal((1.0, 1.0), (summary.Ladder[0].ExpectedFactor, summary.Ladder[0].ExpectedCumulative));
        Assert.Equal(
            summary.Ladder[^1].ExpectedCumulative, summary.Ladder.Aggregate(1.0, (product, step) => product * step.ExpectedFactor), 1e-9);
        Assert.Null(summary.MeasuredSpeedup);
    }

    [Fact]
    public async Task Measured_gains_stand_beside_expected_ones_once_both_ways_were_run()
    {
        string path = SharedFolder.Require(SmallModels.Stories);
        InferenceOptions options = SmallModels.Options with { MaxSequenceTokens = 128 };
        Workload load = Load with { BatchSize = 2, OutputTokens = 4 };
        OptimizationMeasurement measured = await OptimizationMeasurement.RunAsync(
            path, options, load, rounds: 1, TestContext.Current.CancellationToken);
        OptimizationSummary summary = new OptimizationForecast(
            Request(SmallModels.Stories) with { Workload = load }, options).Summarize().With(measured);
        Assert.All(summary.Gains, g => Assert.Equal(measured.SpeedupOf(g.Optimization), g.MeasuredSpeedup));
        Assert.All(summary.Gains, g => Assert.True(g.MeasuredSpeedup > 0));
        Assert.Equal(measured.AllOffSeconds / measured.BaselineSeconds, summary.MeasuredSpeedup!.Value, 1e-9);
        Assert.Equal(
            summary.MeasuredSpeedup!.Value, summary.Ladder.Aggregate(1.0, (product, step) => product * step.MeasuredFactor!.Value), 1e-9);
        Assert.All(summary.Ladder, step => Assert.Equal(1, step.Current.Measured!.TokenAgreement));
        OptimizationSummary other = new OptimizationForecast(Request(SmallModels.Stories), options).Summarize();
        Assert.Throws<InferometerException>(() => other.With(measured));
    }

    [Fact]
    public async Task Every_configuration_runs_once_a_round_and_rounds_turn_around()
    {
        List<OptimizationConfiguration> order = [];
        double seconds = 1;
        OptimizationMeasurement measured = await OptimizationMeasurement.RunAsync(
            OptimizationConfiguration.All, Load, rounds: 3, Run, TestContext.Current.CancellationToken);
        IReadOnlyList<OptimizationConfiguration> all = OptimizationMeasurement.ConfigurationsFor(OptimizationConfiguration.All);

        // Everything on, five with one off (the last of which is the ladder's fourth step), and everything off and three steps.
        Assert.Equal(10, all.Count);
        Assert.Equal([.. all, .. all.Reverse(), .. all], order);

        // 1, 20 and 21 s for the first, 10, 11 and 30 s for the last.
        Assert.Equal(20, measured.BaselineSeconds);
        Assert.Equal(11, measured[all[^1]].Seconds);
        Assert.Equal(measured[all[1]].Seconds / 20, measured.SpeedupOf(Optimization.KvCache));
        Assert.Equal((0.5, 4096L), (measured[all[^1]].TokenAgreement, measured[all[0]].PeakResidentBytes));

        Task<WorkloadSample> Run(OptimizationConfiguration configuration, CancellationToken cancellationToken)
        {
            order.Add(configuration);
            return Task.FromResult(new WorkloadSample
            {
                Seconds = seconds++,
                ForwardedTokens = 10,
                Outputs = [[1, configuration == OptimizationMeasurement.ConfigurationsFor(OptimizationConfiguration.All)[^1] ? 3 : 2]],
                Memory = new EngineMemory(1, 2, 3, 4, 5),
                PeakResidentBytes = 4096,
            });
        }
    }
}
