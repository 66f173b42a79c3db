using System.Text.Json;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Estimators;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Results;

namespace Inferometer.Simulation.Tests.Estimators;

public sealed class PerformanceEstimatorTests
{
    private static readonly PerformanceEstimator Estimator = new();
    private static readonly SimulationEngine Engine = new();

    [Fact]
    public void The_functions_and_the_interface_agree_to_the_last_bit()
    {
        PerformanceQuery query = new() { System = "A100_80GB", BatchSize = 4, TensorParallel = 2, OutputTokens = 64 };
        SimulationResult prefill = Engine.Simulate(Estimator.ConfigurationOf(query, "prefill"));
        SimulationResult decode = Engine.Simulate(Estimator.ConfigurationOf(query, "decode"));
        SimulationResult whole = Engine.Simulate(Estimator.ConfigurationOf(query, "prefill", "decode"));
        Assert.Equal(0, Estimator.EstimatePrefillPerformance(query).Latency - prefill.Latency);
        Assert.Equal(0, Estimator.EstimateDecodePerformance(query).Latency - decode.Latency);
        Assert.Equal(0, Estimator.EstimateEndToEndPerformance(query).TotalLatency - whole.Latency);
        Assert.Equal(0, Estimator.EstimateEndToEndPerformance(query).TotalThroughput - whole.Throughput);
    }

    [Fact]
    public void The_low_level_calls_and_the_interface_agree_to_the_last_bit()
    {
        EstimateRequest request = new()
        {
            Architecture = ModelCatalog.BuiltIn.Resolve("llama2_7b"),
            System = HardwareCatalog.BuiltIn.Find("h100"),
            Parallelism = Parallelism.None with { Tensor = 2 },
            Workload = new Workload { BatchSize = 4, InputTokens = 1000, OutputTokens = 50 },
        };
        const string parameters = """ "batch_size": 4, "input_tokens": 1000, "system_name": "h100", "tensor_parallel": 2 """;
        Assert.Equal(0, Simulate("prefill", parameters).Latency - (PhaseModelling.PrefillModelling(request).LatencySeconds * 1000));
        Assert.Equal(
            0,
            Simulate("decode", parameters + """, "output_tokens": 50""").Latency
                - (PhaseModelling.DecodeModelling(request).LatencySeconds * 1000));
        StepBatch batch = new() { Prefill = [new(100, 200)], Decode = [new(300)] };
        const string step = """ "prefill_kv_sizes": [[100, 200]], "decode_kv_sizes": [300], "system_name": "h100", "tensor_parallel": 2 """;
        Assert.Equal(
            0,
            Simulate("chunked", step).Latency - (PhaseModelling.ChunkedModelling(request, batch).LatencySeconds * 1000));
    }

    [Fact]
    public void A_decode_step_is_per_token_already()
    {
        DecodePerformance decode = Estimator.EstimateDecodePerformance(new() { System = "A100_40GB", OutputTokens = 256 });
        Assert.Equal(decode.Latency, decode.TimePerOutputToken);
        Assert.Equal(decode.TimePerOutputToken * 255, decode.TotalLatency, 9);

        // 13.5 GB of weights at 1555 GB/s: 8.7 ms at the very least.
        Assert.InRange(decode.TimePerOutputToken, 8.6, 20);
    }

    [Fact]
    public void Results_serialise_under_the_names_of_the_api()
    {
        PerformanceQuery query = new() { System = "h100" };
        AssertMembers(
            Estimator.EstimatePrefillPerformance(query).ToJson(),
            "Latency",
            "Throughput",
            "TTFT",
            "Memory_used",
            "Compute_breakdown",
            "Communication_breakdown");
        AssertMembers(Estimator.EstimateDecodePerformance(query).ToJson(), "Latency", "Total_latency", "TPOT", "Effective_throughput");
        AssertMembers(
            Estimator.EstimateEndToEndPerformance(query).ToJson(),
            "total_latency",
            "ttft",
            "average_tpot",
            "total_throughput",
            "prefill",
            "decode");
    }

    [Fact]
    public void Comparison_is_sorted_by_total_throughput_and_keeps_impossible_rows_with_their_reason()
    {
        IReadOnlyList<ConfigurationPerformance> rows = Estimator.ComparePerformanceConfigurations(
        [
            new() { Name = "a100", System = "A100_80GB" },
            new() { Name = "wrong", System = "no_such_system" },
            new() { Name = "h100", System = "h100" },
        ]);
        Assert.Equal(["h100", "a100", "wrong"], rows.Select(r => r.ConfigurationName));
        Assert.Null(rows[2].Performance);
        Assert.Contains("no_such_system", rows[2].Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Figures_of_a_named_system_lead_back_to_it_and_changed_ones_to_a_system_of_ones_own()
    {
        HardwareConfig h100 = Estimator.GetHardwareConfig("h100");
        Assert.Equal(80, h100.MemorySize, 6.0);
        double named = Estimator.EstimateDecodePerformance(new() { System = "h100" }).Latency;
        Assert.Equal(named, Estimator.EstimateDecodePerformance(new() { System = h100 }).Latency);
        Assert.True(Estimator.EstimateDecodePerformance(new() { System = h100 with { MemoryBandwidth = 500 } }).Latency > named);
        Assert.Throws<InferometerException>(() => Estimator.GetHardwareConfig("h1000"));
    }

    private static void AssertMembers(string json, params string[] names)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.All(names, name => Assert.True(document.RootElement.TryGetProperty(name, out _), name));
    }

    private static SimulationResult Simulate(string phase, string parameters) => Engine.Simulate(
        SimulationConfig.FromJson(
        $$"""{"model": "llama2_7b", "features": ["{{phase}}", "flash_attention"], "simulation_params": { {{parameters}} } }"""));
}
