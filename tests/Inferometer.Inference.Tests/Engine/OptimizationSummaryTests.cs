using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Gguf;
using Inferometer.Core.Hardware;
using Inferometer.Inference.Engine;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Engine;

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
        EstimateRequest request = Request(EngineRunner.Tales);
        OptimizationSummary summary = new OptimizationForecast(request, new InferenceOptions()).Summarize();
        RooflineCostModel model = new();
        double on = model.Estimate(request).Metrics.EndToEndSeconds;
        double oneByOne = 8 * model.Estimate(request with { Workload = Load with { BatchSize = 1 } }).Metrics.EndToEndSeconds;
        double withoutPrefix = model.Estimate(request with { Workload = Load with { CachedPrefixTokens = 0 } }).Metrics.EndToEndSeconds;
        double withoutTiles = model.Estimate(request with { FlashAttention = false }).Metrics.EndToEndSeconds;
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
        OptimizationSummary summary = new OptimizationForecast(Request(EngineRunner.Tales), new InferenceOptions()).Summarize();
        double? saving = summary.Gains.Single(g => g.Optimization == Optimization.GroupedHeads).ExpectedMemorySaving;
        Assert.NotNull(saving);
        Assert.InRange(saving.Value, 0.01, 0.5);
    }

    [Fact]
    public void What_is_off_is_listed_as_off_with_what_it_would_gain()
    {
        InferenceOptions options = new() { FlashAttention = false, Batching = Scheduling.BatchingMode.Off };
        OptimizationSummary summary = new OptimizationForecast(Request(EngineRunner.Tales), options).Summarize();
        OptimizationGain batching = summary.Gains.Single(g => g.Optimization == Optimization.Batching);
        Assert.False(batching.IsEnabled);
        Assert.True(batching.ExpectedSpeedup > 1);
    }

    [Fact]
    public async Task Measured_gains_stand_beside_expected_ones_once_both_ways_were_run()
    {
        string path = SharedFolder.Require(EngineRunner.Stories);
        InferenceOptions options = EngineRunner.Defaults with { MaxSequenceTokens = 128 };
        OptimizationMeasurement measured = await OptimizationMeasurement.RunAsync(path, options, Load with { BatchSize = 2, OutputTokens = 4 }, repeats: 1, TestContext.Current.CancellationToken);
        EstimateRequest request = Request(EngineRunner.Stories) with { Workload = measured.Workload };
        OptimizationSummary summary = new OptimizationForecast(request, options).Summarize().With(measured);
        Assert.All(summary.Gains, g => Assert.Equal(measured.SpeedupOf(g.Optimization), g.MeasuredSpeedup));
        Assert.All(summary.Gains, g => Assert.True(g.MeasuredSpeedup > 0));
        Assert.Equal(measured.AllOffSeconds / measured.BaselineSeconds, summary.MeasuredSpeedup);
        OptimizationSummary other = new OptimizationForecast(Request(EngineRunner.Stories), options).Summarize();
        Assert.Throws<InferometerException>(() => other.With(measured));
    }
}
