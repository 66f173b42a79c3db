using Inferometer.Core;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Features;
using Inferometer.Simulation.Results;

namespace Inferometer.Simulation.Tests;

public sealed class SimulationEngineTests
{
    private static readonly SimulationEngine Engine = new();

    private static SimulationConfig Config(string features, string parameters, string model = "meta-llama/Llama-3.1-8B") => new()
    {
        Model = model,
        Features = [.. features.Split(',', StringSplitOptions.RemoveEmptyEntries)],
        SimulationParams = SimulationConfig.FromJson($$"""{"model": "m", "simulation_params": {{parameters}}}""").SimulationParams,
    };

    private static SimulationResult Run(string features, string parameters, string model = "meta-llama/Llama-3.1-8B") =>
        Engine.Simulate(Config(features, parameters, model));

    [Fact]
    public void The_prefill_example_of_the_interface_runs()
    {
        SimulationResult result = Run("prefill", """{"batch_size": 1, "input_tokens": 1024, "system_name": "A100_40GB_GPU"}""");
        Assert.Equal(SimulationType.Prefill, result.SimulationType);
        Assert.Equal(result.Latency, result.Metrics.TtftMs);
        Assert.Equal(1024 / result.Latency * 1000, result.Throughput, 6);

        // 2 x 8.03e9 parameters x 1024 tokens at 312 TFLOPS is 52.7 ms before any efficiency: it cannot be faster, nor ten times slower.
        Assert.InRange(result.Latency, 45, 520);
    }

    [Fact]
    public void A_context_beyond_what_the_model_was_made_for_is_a_warning_of_the_result()
    {
        SimulationResult result = Run("prefill,decode", """{"batch_size": 1, "input_tokens": 1000000, "output_tokens": 2, "system_name": "h100"}""");
        string warning = Assert.Single(result.Warnings);
        Assert.Contains("1,000,002 tokens of context are beyond", warning, StringComparison.Ordinal);
        Assert.Contains("\"warnings\"", result.ToJson(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(result.Warnings, SimulationResult.FromJson(result.ToJson()).Warnings);
        Assert.Empty(Run("prefill", """{"batch_size": 1, "input_tokens": 1024, "system_name": "h100"}""").Warnings);
    }

    [Fact]
    public void The_chunked_lora_example_of_the_interface_runs_on_the_default_system_and_says_so()
    {
        SimulationResult result = Run(
            "chunked,lora",
            """{"prefill_kv_sizes": [[1024, 511]], "decode_kv_sizes": [1600, 1601], "lora": {"rank": 16, "strategy": "dynamic"}}""");
        Assert.Equal(SimulationType.Chunked, result.SimulationType);
        Assert.Contains(result.Assumptions, a => a.Contains(SimulationEngine.DefaultSystem, StringComparison.Ordinal));
        Assert.Equal((511 + 2) / result.Latency * 1000, result.Throughput, 6);
        SimulationResult without = Run("chunked", """{"prefill_kv_sizes": [[1024, 511]], "decode_kv_sizes": [1600, 1601]}""");
        Assert.True(result.Latency > without.Latency, "a dynamic adapter costs time");
    }

    [Fact]
    public void A_whole_request_is_prefill_and_all_steps_but_the_first()
    {
        const string parameters = """{"batch_size": 2, "input_tokens": 512, "output_tokens": 33, "system_name": "h100"}""";
        SimulationResult whole = Run("prefill,decode,flash_attention", parameters);
        SimulationResult decode = Run("decode,flash_attention", parameters);
        Assert.Equal(SimulationType.EndToEnd, whole.SimulationType);
        Assert.Equal(
            whole.Metrics.TtftMs!.Value + (32 * whole.Metrics.TpotMs!.Value), whole.Latency, whole.Latency * 1e-12);
        Assert.Equal(decode.Latency, whole.Metrics.TpotMs);
        Assert.Equal(whole.RuntimeBreakdown.Values.Sum(), whole.Latency, whole.Latency * 1e-9);
    }

    [Fact]
    public void One_output_token_by_itself_is_one_step()
    {
        SimulationResult one = Run("decode", """{"output_tokens": 1, "system_name": "h100"}""");
        SimulationResult two = Run("decode", """{"output_tokens": 2, "system_name": "h100"}""");
        Assert.Equal(two.Latency, one.Latency);
    }

    [Fact]
    public void Results_survive_json_without_loss()
    {
        SimulationResult result = Run("prefill,decode,speculative_decode", """{"system_name": "h100", "batch_size": 3}""");
        string json = result.ToJson();
        Assert.Equal(json, SimulationResult.FromJson(json).ToJson());
        Assert.Equal(result.Latency, SimulationResult.FromJson(json).Latency);
        Assert.NotEmpty(result.FeatureMetrics["speculative_decode"]);
    }

    [Theory]
    [InlineData("tensor_parallel", """ "tensor_parallel": 2 """, -1)]
    [InlineData("pipeline_parallel", """ "pipeline_parallel": 2 """, 0)]
    [InlineData("data_parallel", """ "data_parallel": 2 """, 0)]
    [InlineData("lora", """ "lora": {"rank": 64} """, 1)]
    [InlineData("flash_attention", "", -1)]
    [InlineData("memory_offload", """ "memory_offload": {"weights": 0.5} """, 1)]
    [InlineData("speculative_decode", """ "speculative_decode": {"acceptance_rate": 0.9} """, -1)]
    [InlineData("kv_compression", """ "kv_compression": {"profile": "q4"} """, -1)]
    [InlineData("quantization", """ "quantization": {"weights": "int4"} """, -1)]
    [InlineData("prefix_caching", """ "prefix_caching": {"hit_rate": 0.5} """, -1)]
    public void Every_feature_changes_the_result_as_physics_says(string feature, string parameter, int direction)
    {
        const string common = """ "batch_size": 4, "input_tokens": 4096, "output_tokens": 128, "system_name": "h100" """;
        SimulationResult off = Run("prefill,decode", $"{{{common}}}");
        SimulationResult on = Run($"prefill,decode,{feature}", $"{{{common}{(parameter.Trim().Length > 0 ? "," + parameter : "")}}}");
        Assert.Contains(feature, on.Features);
        Assert.NotEqual(off.Latency, on.Latency);
        if (direction != 0)
        {
            Assert.Equal(direction, Math.Sign(on.Latency - off.Latency));
        }
    }

    // Llama-3.1-8B: 32 layers of 8 KV heads of 128, keys and values: 65536 numbers of 8.5 or 4.5 bits. A number read takes 2 operations.
    [Theory]
    [InlineData("q8", 69632)]
    [InlineData("q4", 36864)]
    public void A_quantised_cache_takes_the_codecs_bytes_and_operations(string profile, double bytes)
    {
        const string common = """ "input_tokens": 32768, "output_tokens": 2, "system_name": "h100" """;
        SimulationResult off = Run("prefill,decode,flash_attention", $"{{{common}}}", "llama-3.1-8b");
        SimulationResult on = Run(
            "prefill,decode,flash_attention", $$"""{ {{common}}, "kv_compression": {"profile": "{{profile}}"} }""", "llama-3.1-8b");
        Assert.Equal(bytes, on.FeatureMetrics["kv_compression"]["bytes_per_token"]);
        Assert.Equal(131072, on.FeatureMetrics["kv_compression"]["read_flops_per_token"]);
        Assert.Equal(131072 / bytes, on.MemoryUsage is { } memory ? off.MemoryUsage!.KvCacheBytes / memory.KvCacheBytes : 0, 1e-9);
        OperatorResult before = off.Operators["decode"].Single(o => o.Name is "attention_decode");
        OperatorResult after = on.Operators["decode"].Single(o => o.Name is "attention_decode");
        Assert.True(after.LatencyMs < before.LatencyMs);
        Assert.True(after.Flops > before.Flops);
    }

    [Fact]
    public void Networks_that_cache_latents_are_compressed_as_one_vector_per_token()
    {
        SimulationResult result = Run(
            "decode,kv_compression",
            """{"system_name": "h200", "tensor_parallel": 8, "bits": "fp8", "kv_compression": {"profile": "q4"}}""",
            "deepseek-v3");

        // 61 layers of 512 + 64 numbers: 18 blocks of 16 + 2 bytes.
        Assert.Equal(61 * 18 * 18, result.FeatureMetrics["kv_compression"]["bytes_per_token"]);
        Assert.Contains(
            "no keys and values per head",
            Assert.Throws<InferometerException>(() => Run("decode", """{"kv_compression": {"key_rank": 16}}""", "deepseek-v3")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Expert_parallelism_sends_tokens_to_their_experts()
    {
        const string common = """ "batch_size": 64, "system_name": "h100", "tensor_parallel": 4, "cost_model": "roofline" """;
        SimulationResult off = Run("decode", $"{{{common}}}", "Qwen/Qwen3-30B-A3B");
        SimulationResult on = Run("decode", $$"""{{{common}}, "expert_parallel": 4}""", "Qwen/Qwen3-30B-A3B");
        Assert.NotEqual(off.Latency, on.Latency);
        Assert.Contains(
            on.Operators["decode"],
            o => o.Name.Contains("all_to_all", StringComparison.Ordinal) || o.Name.Contains("dispatch", StringComparison.Ordinal));
    }

    [Fact]
    public void Cpu_options_change_a_cpu_and_are_refused_elsewhere()
    {
        SimulationResult all = Run("decode", """{"system_name": "Xeon_6767P"}""");
        SimulationResult few = Run("decode", """{"system_name": "Xeon_6767P", "cpu_optimization": {"cores": 2}}""");
        Assert.True(few.Latency > all.Latency);
        Assert.Contains(
            "needs a CPU",
            Assert.Throws<InferometerException>(() => Run("decode,cpu_optimization", """{"system_name": "h100"}""")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Offload_finds_the_share_that_does_not_fit_by_itself()
    {
        SimulationResult result = Run(
            "prefill,decode,memory_offload", """{"system_name": "RTX_4090", "bits": "bf16"}""", "Qwen/Qwen2.5-14B-Instruct");
        Assert.InRange(result.FeatureMetrics["memory_offload"]["weight_share"], 0.1, 0.9);
        Assert.True(result.MemoryUsage!.Fits);
    }

    [Theory]
    [InlineData("", "{}", "one of prefill, decode")]
    [InlineData("prefill,chunked", """{"decode_kv_sizes": [1]}""", "cannot be combined")]
    [InlineData("prefil", "{}", "Did you mean 'prefill'")]
    [InlineData("prefill,prefill", "{}", "listed twice")]
    [InlineData("prefill,speculative_decode", "{}", "needs one of decode")]
    [InlineData("prefill", """{"batchsize": 1}""", "batch_size")]
    [InlineData("prefill", """{"batch_size": -1}""", "at least 1")]
    [InlineData("prefill,tensor_parallel", "{}", "needs 'tensor_parallel'")]
    [InlineData("prefill", """{"kv_compression": {"profile": "low"}}""", "'low' is not allowed; it must be q8 or q4")]
    [InlineData("prefill", """{"kv_compression": {"profile": "q8", "ratio": 2}}""", "give only one of profile")]
    [InlineData("prefill", """{"kv_compression": {"key_rank": 16, "latent_bits": 5}}""", "must be 2, 4, 8, 16 or 32")]
    [InlineData("prefill", """{"system_name": "H1000"}""", "H1000")]
    [InlineData("prefill", """{"system_name": ""}""", "The name of a system is empty")]
    [InlineData("prefill", """{"cost_model": ""}""", "'' is not a cost model")]
    [InlineData("prefill", """{"bits": ""}""", "'' is not a known format of weights")]
    [InlineData("prefill", """{"bits": "bf17"}""", "bf17")]
    [InlineData("prefill", """{"cost_model": "rooflin"}""", "roofline")]
    [InlineData("chunked", "{}", "both are empty")]
    [InlineData("chunked", """{"prefill_kv_sizes": [[1, 0]]}""", "prefill_kv_sizes")]
    [InlineData("prefill", """{"pipeline_parallel": 4096}""", "pipeline")]
    public void Wrong_configurations_get_one_line_and_validation_says_the_same(string features, string parameters, string expected)
    {
        SimulationConfig config = Config(features, parameters);
        string message = Assert.Throws<InferometerException>(() => Engine.Simulate(config)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.Contains(expected, string.Join(' ', Engine.ValidateConfiguration(config)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void A_model_without_a_name_is_refused(string name) => Assert.Contains(
        "The name of a model is empty",
        Assert.Throws<InferometerException>(() => Engine.Simulate(new() { Model = name, Features = ["prefill"] })).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_sound_configuration_has_no_faults() =>
        Assert.Empty(Engine.ValidateConfiguration(Config("prefill", "{}")));

    [Fact]
    public void A_system_can_be_given_inline()
    {
        SimulationResult inline = Run("decode", """{"system_name": {"Flops": 312, "Memory_size": 40, "Memory_BW": 1555, "ICN": 300}}""");
        SimulationResult slower = Run("decode", """{"system_name": {"Flops": 312, "Memory_size": 40, "Memory_BW": 777, "ICN": 300}}""");
        Assert.True(slower.Latency > 1.5 * inline.Latency, "decode of one sequence follows memory bandwidth");
    }

    [Theory]
    [InlineData("genz")]
    [InlineData("bud")]
    public void The_compatibility_models_are_reached_through_the_same_interface(string costModel)
    {
        SimulationResult result = Run("prefill,decode", $$"""{"system_name": "A100_40GB_GPU", "cost_model": "{{costModel}}"}""");
        Assert.Equal(costModel, result.CostModel);
        Assert.Null(result.MemoryUsage);
        Assert.Contains(
            "does not know LoRA",
            Assert.Throws<InferometerException>(() => Run("prefill,lora", $$"""{"cost_model": "{{costModel}}"}""")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Hooks_run_in_order_and_clean_up_also_after_a_failure()
    {
        List<string> calls = [];
        FeatureRegistry registry = FeatureRegistry.CreateDefault();
        registry.Register(() => new Recorder(calls));
        SimulationEngine engine = new(registry);
        SimulationResult result = engine.Simulate(Config("recorder,prefill", "{}"));
        Assert.Equal(["initialize", "before", "after", "cleanup"], calls);
        Assert.Equal(result.Latency, result.FeatureMetrics["recorder"]["seen"] * 1000, 9);

        calls.Clear();
        Assert.Throws<InferometerException>(() => engine.Simulate(Config("recorder,prefill", """{"fail": true}""")));
        Assert.Equal(["initialize", "before", "cleanup"], calls);
    }

    [Fact]
    public void Features_of_another_assembly_are_found_by_their_type()
    {
        FeatureRegistry registry = FeatureRegistry.CreateDefault();
        int before = registry.Available.Count;
        Assert.Equal(1, registry.RegisterAssembly(typeof(HalfBandwidth).Assembly));
        Assert.Equal(before + 1, registry.Available.Count);
        SimulationEngine engine = new(registry);
        double normal = engine.Simulate(Config("decode", "{}")).Latency;
        double half = engine.Simulate(Config("decode,half_bandwidth", "{}")).Latency;
        Assert.InRange(half / normal, 1.5, 2);
    }

    /// <summary>What a user's own feature looks like.</summary>
    public sealed class HalfBandwidth : ISimulationFeature
    {
        public FeatureMetadata Metadata { get; } = new()
        {
            Name = "half_bandwidth",
            Category = FeatureCategory.Hardware,
            Description = "Memory at half its rate.",
        };

        public void BeforeSimulation(SimulationContext context) => context.Request = context.Request with
        {
            System = context.Request.System with
            {
                Device = context.Request.System.Device with { MemoryBandwidth = context.Request.System.Device.MemoryBandwidth / 2 },
            },
        };
    }

    private sealed class Recorder(List<string> calls) : ISimulationFeature
    {
        public FeatureMetadata Metadata { get; } = new()
        {
            Name = "recorder",
            Category = FeatureCategory.Model,
            Description = "Records its hooks.",
            Parameters = [new("fail", "Fails before the simulation.", "false")],
        };

        public void Initialize(SimulationContext context) => calls.Add("initialize");

        public void BeforeSimulation(SimulationContext context)
        {
            calls.Add("before");
            if (context.Parameters.Boolean("fail", fallback: false))
            {
                throw new InferometerException("failed on purpose");
            }
        }

        public void AfterSimulation(SimulationContext context)
        {
            calls.Add("after");
            context.AddMetric("recorder", "seen", context.Phases[0].LatencySeconds);
        }

        public void Cleanup() => calls.Add("cleanup");
    }
}
