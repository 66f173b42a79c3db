using System.Globalization;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Tests;

namespace Inferometer.Simulation.Tests.Costs;

/// <summary>KV caches as users and makers published them: so many tokens in so much memory of a device.</summary>
public class PublishedCacheTests
{
    private const double Gibi = 1 << 30;

    // Model and deployment; the row's metric and reported value; what the memory is per device, and what its tokens are.
    public static TheoryData<string, string, string, string, double> Rows => new()
    {
        { "pull/12569", "meta-llama/Llama-3.1-70B", """{"tensor_parallel": 1}""", "KV GiB for 22096 tokens", 22096 },
        { "issues/21348", "qwen3-235b-a22b", """{"tensor_parallel": 4}""", "TP4, SGLang K 8.23 + V 8.23 GB", 16.46 },
        { "pull/10622", "qwen3-next-80b-a3b", """{"data_parallel": 4, "attention_data_parallel": true}""", "DP attention; K 31.89 + V 31.89 GB", 63.78 },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_token_takes_what_was_published(string address, string model, string parameters, string row, double known)
    {
        string line = File.ReadLines(SharedFolder.Require("reference/measurements/published_by_users.csv"))
            .Single(l => l.Contains(address, StringComparison.Ordinal) && l.Contains(row, StringComparison.Ordinal));
        double reported = double.Parse(line[(line.LastIndexOf(',') + 1)..], CultureInfo.InvariantCulture);
        SimulationConfig config = SimulationConfig.FromJson(
            $$"""{"model": "{{model}}", "features": ["prefill", "decode"], "simulation_params": {{parameters}}}""");
        ICostPlan plan = new SimulationEngine().Prepare(config with
        {
            SimulationParams = config.SimulationParams.With("system_name", "h100"),
        });
        double perToken = plan.KvBytesPerToken!.Value / Gibi;

        // Either so many tokens took the memory that was reported, or so much memory held the tokens that were.
        (double tokens, double gibi) = known > 1000 ? (known, reported) : (reported, known);
        Assert.Equal(gibi, tokens * perToken, gibi * 0.01);
    }

    [Theory]
    [InlineData(0.9, 2048, 256)]
    public void A_recorded_run_of_vllm_had_about_the_tokens_that_are_told(double share, int stepTokens, int sequences)
    {
        string text = File.ReadAllText(SharedFolder.Require("reference/measurements/serving_trace_RTX4090_Llama-3.1-8B.json"));
        using var trace = System.Text.Json.JsonDocument.Parse(text);
        double recorded = trace.RootElement.GetProperty("kv_cache").GetProperty("num_kv_tokens").GetDouble();
        SimulationConfig config = SimulationConfig.FromJson(string.Create(CultureInfo.InvariantCulture, $$$"""
            {"model": "llama-3.1-8b", "features": ["prefill", "decode"], "simulation_params": {"system_name": "rtx4090", "framework": "vllm",
             "memory_utilization": {{{share}}}, "max_step_tokens": {{{stepTokens}}}, "max_sequences": {{{sequences}}}}}
            """));
        double told = new SimulationEngine().Simulate(config).MemoryUsage!.KvCapacityTokens!.Value;
        Assert.Equal(recorded, told, recorded * 0.08);
    }
}
