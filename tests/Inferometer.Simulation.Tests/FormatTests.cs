using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Results;
using Inferometer.Tests;

namespace Inferometer.Simulation.Tests;

/// <summary>Which formats an estimate is priced with, and that it says so.</summary>
public sealed class FormatTests
{
    private static readonly SimulationEngine Engine = new();

    // What vLLM and SGLang load on these machines, in the checkpoint's own format.
    [Theory]
    [InlineData("openai/gpt-oss-120b", "h100", 1, 70.75e9)]
    [InlineData("openai/gpt-oss-20b", "RTX_4090", 1, 14.68e9)]
    [InlineData("Qwen/Qwen3-235B-A22B-FP8", "h100", 4, 59.2e9)]
    [InlineData("deepseek-ai/DeepSeek-R1", "h200", 8, 85.1e9)]
    [InlineData("moonshotai/Kimi-K2-Instruct", "h200", 8, 129.8e9)]
    public void Checkpoints_fit_where_they_are_served(string model, string system, int tensor, double weights)
    {
        SimulationResult result = Run(model, $$"""{"system_name": "{{system}}", "tensor_parallel": {{tensor}}}""");
        Assert.True(result.MemoryUsage!.Fits);
        Assert.Equal(weights, result.MemoryUsage.WeightBytes, 0.003 * weights);
        Assert.Equal(result.MemoryUsage.WeightBytes, result.Formats!.Parts.Sum(p => p.Bytes), 1);
        Assert.All(result.Formats.Parts, p => Assert.Equal(p.Bytes, p.Elements * p.BitsPerWeight / 8, 1e-9 * p.Bytes));
        Assert.Contains("quantization_config", result.Formats.WeightsOrigin, StringComparison.Ordinal);
        Assert.Equal("bf16", result.Formats.KvCache);
    }

    [Fact]
    public void Operators_read_the_bytes_of_their_own_class()
    {
        SimulationResult result = Run("openai/gpt-oss-120b", """{"system_name": "h100"}""");
        OperatorResult experts = result.Operators["prefill"].First(o => o.Name is "expert_down");
        OperatorResult output = result.Operators["prefill"].First(o => o.Name is "output_projection");
        Assert.Equal(2 * ((64.0 * 64 * 2880) + 2880), output.WeightBytes, 1);
        Assert.InRange(experts.WeightBytes, 1, 128 * ((2944.0 * 3072 * 4.25 / 8) + (2 * 2880)));
        Assert.InRange(experts.WeightBytes, 0.99 * 128 * 2880 * 2880 * 4.25 / 8, double.MaxValue);
    }

    [Fact]
    public void A_gguf_file_is_counted_by_its_own_tensors()
    {
        string file = SharedFolder.Require("models/tales-5m/tales-5m-q8_0.gguf");
        Core.Gguf.GgufHeader header = Core.Gguf.GgufHeader.Read(file);
        SimulationResult result = Run(file, """{"system_name": "h100"}""");
        Assert.Equal(header.Tensors.Sum(t => t.ByteCount), result.MemoryUsage!.WeightBytes, 1e-3);
        Assert.Equal("fp16", result.Formats!.KvCache);
        SimulationResult wide = Run(file, """{"system_name": "h100", "quantization": {"weights": "bf16"}}""");
        Assert.Equal(2.0 * ParameterCount.Of(Core.Catalog.ModelCatalog.BuiltIn.Resolve(file)).Total, wide.MemoryUsage!.WeightBytes, 1e-3);
    }

    // 11.27 GiB: benches/dgx-spark.md of llama.cpp. Eight-bit floats have no type in a GGUF file.
    [Theory]
    [InlineData("openai/gpt-oss-20b", "llama.cpp", "mxfp4_moe", 12.10e9)]
    [InlineData("openai/gpt-oss-20b", "vllm", "mxfp4", 14.68e9)]
    [InlineData("Qwen/Qwen3-8B-FP8", "llama.cpp", "bf16", 16.38e9)]
    public void Llama_cpp_serves_what_its_converter_makes_of_a_checkpoint(string model, string framework, string weights, double bytes)
    {
        SimulationResult result = Run(model, $$"""{"system_name": "h100", "framework": "{{framework}}"}""");
        Assert.Equal(weights, result.Formats!.Weights);
        Assert.Equal(bytes, result.MemoryUsage!.WeightBytes, 0.003 * bytes);
    }

    // Turing has no arithmetic of eight-bit floats and vLLM no kernel that does without; llama.cpp reads GGUF files, TensorRT-LLM does not.
    [Theory]
    [InlineData("t4", "vllm", "fp8", null, "weights in fp8 on Turing")]
    [InlineData("h100", "vllm", "fp8", null, null)]
    [InlineData("h100", "trtllm", "q4_k_m", null, "load weights in q4_k_m")]
    [InlineData("h100", "vllm", "q4_k_m", null, null)]
    [InlineData("h100", "llama.cpp", "awq", null, "load weights in awq")]
    [InlineData("h100", "vllm", null, "q4_0", "keep its cache in q4_0")]
    [InlineData("t4", "vllm", null, "fp8", "keep its cache in fp8 on Turing")]
    [InlineData("h100", "llama.cpp", null, "q8_0", null)]
    public void What_a_framework_does_not_run_is_said(string system, string framework, string? weights, string? cache, string? warning)
    {
        string formats = string.Join(", ", new[] { ("weights", weights), ("kv_cache", cache) }
            .Where(f => f.Item2 is not null).Select(f => $"\"{f.Item1}\": \"{f.Item2}\""));
        SimulationResult result = Run(
            "Qwen/Qwen3-0.6B", $$"""{"system_name": "{{system}}", "framework": "{{framework}}", "quantization": { {{formats}} } }""");
        if (warning is null)
        {
            Assert.DoesNotContain(result.Warnings, w => w.Contains(framework, StringComparison.Ordinal));
        }
        else
        {
            string said = Assert.Single(result.Warnings, w => w.Contains(framework, StringComparison.Ordinal));
            Assert.Contains(warning, said, StringComparison.Ordinal);
        }
    }

    // 1,557,611,200 parameters and 48 layers of 1,600 keys and values, published in 32-bit floats.
    [Theory]
    [InlineData("", 4, "fp32", "fp32")]
    [InlineData("vllm", 2, "fp16", "fp16")]
    [InlineData("sglang", 2, "fp16", "fp16")]
    [InlineData("trtllm", 2, "fp16", "fp16")]
    [InlineData("llama.cpp", 2, "fp16", "fp16")]
    [InlineData("inferometer-gpu", 4, "fp32", "fp16")]
    public void Frameworks_round_checkpoints_of_32_bits(string framework, int bytes, string weights, string cache)
    {
        string named = framework.Length == 0 ? "" : $", \"framework\": \"{framework}\"";
        SimulationResult result = Run("openai-community/gpt2-xl", $$"""{"system_name": "h100"{{named}}}""");
        Assert.Equal(bytes * 1_557_611_200.0, result.MemoryUsage!.WeightBytes, 1e6);
        Assert.Equal(weights, result.Formats!.Weights);
        Assert.Equal(cache, result.Formats.KvCache);
        SimulationResult asked = Run("openai-community/gpt2-xl", $$"""{"system_name": "h100", "bits": "fp32"{{named}}}""");
        Assert.Equal(4 * 1_557_611_200.0, asked.MemoryUsage!.WeightBytes, 1e6);
    }

    [Theory]
    [InlineData("llama.cpp", "fp16")]
    [InlineData("vllm", "fp32")]
    public void A_gguf_file_of_32_bits_keeps_its_weights_and_llama_cpp_its_cache(string framework, string cache)
    {
        string file = SharedFolder.Require("models/stories260k/stories260k-f32.gguf");
        SimulationResult result = Run(file, $$"""{"system_name": "h100", "framework": "{{framework}}"}""");
        Assert.Equal(Core.Gguf.GgufHeader.Read(file).Tensors.Sum(t => t.ByteCount), result.MemoryUsage!.WeightBytes, 1e-3);
        Assert.Equal(cache, result.Formats!.KvCache);
    }

    // 8.03 billion elements, of which table and LM head hold 1.05 billion.
    [Theory]
    [InlineData("""{"bits": "bf16"}""", 16.06e9, "bf16", "bf16")]
    [InlineData("""{"quantization": {"weights": "fp8"}}""", 9.08e9, "fp8", "bf16")]
    [InlineData("""{"quantization": {"weights": "fp8", "embeddings": "bf16"}}""", 9.08e9, "fp8 (embeddings bf16, head bf16)", "bf16")]
    [InlineData("""{"quantization": {"weights": "fp8", "embeddings": "fp8"}}""", 8.03e9, "fp8 (embeddings fp8, head fp8)", "bf16")]
    [InlineData("""{"quantization": {"weights": "fp8", "embeddings": "fp8", "head": "bf16"}}""", 8.56e9, "fp8 (embeddings fp8, head bf16)", "bf16")]
    [InlineData("""{"bits": "fp8"}""", 9.08e9, "fp8", "fp8")]
    [InlineData("""{"bits": "int8"}""", 9.08e9, "int8", "int8")]
    [InlineData("""{"bits": "fp8", "quantization": {"weights": "bf16"}}""", 16.06e9, "bf16", "fp8")]
    [InlineData("""{"bits": "q4_k_m"}""", 4.92e9, "q4_k_m", "bf16")]
    [InlineData("""{"quantization": {"feed_forward": "q4_k"}}""", 7.957e9, "bf16 (feed_forward q4_k)", "bf16")]
    [InlineData("""{"bits": "published"}""", 16.06e9, "bf16", "bf16")]
    public void Settings_replace_the_whole_or_parts_and_never_drop_each_other(string parameters, double weights, string name, string kv)
    {
        SimulationResult result = Run("llama-3.1-8b", parameters);
        Assert.Equal(weights, result.MemoryUsage!.WeightBytes, 0.003 * weights);
        Assert.Equal((name, kv), (result.Formats!.Weights, result.Formats.KvCache));
    }

    [Theory]
    [InlineData("A100_80GB", """, "bits": "fp8" """, "has no fp8 arithmetic", "in bf16")]
    [InlineData("V100", """, "bits": "bf16" """, "has no bf16 arithmetic", "in fp16")]
    [InlineData("MI300X", """, "bits": "nvfp4", "quantization": {"activations": "fp4"} """, "has no fp4 arithmetic", "in fp8")]
    public void What_runs_in_place_of_missing_arithmetic_is_said(string system, string parameters, string missing, string instead)
    {
        SimulationResult result = Run("llama-3.1-8b", $$"""{"system_name": "{{system}}"{{parameters}}}""");
        string said = Assert.Single(result.Assumptions, a => a.StartsWith("Matrix products", StringComparison.Ordinal));
        Assert.Contains(missing, said, StringComparison.Ordinal);
        Assert.Contains(instead, said, StringComparison.Ordinal);
    }

    // Checkpoints in NVFP4 hold scales for their inputs too.
    [Theory]
    [InlineData("B200", "fp4")]
    [InlineData("H100_SXM", "bf16")]
    public void Nvfp4_is_multiplied_in_where_the_device_can(string system, string arithmetic)
    {
        SimulationResult result = Run("llama-3.1-8b", $$"""{"system_name": "{{system}}", "bits": "nvfp4"}""");
        Assert.Equal(arithmetic, result.Formats!.Activations);
        Assert.Equal("bf16", result.Formats.KvCache);
    }

    [Fact]
    public void Eight_bit_checkpoints_multiply_in_eight_bits_with_activations_in_sixteen()
    {
        SimulationResult result = Run(
            "Qwen/Qwen3-235B-A22B-FP8", """{"system_name": "h100", "tensor_parallel": 4, "cost_model": "roofline"}""");
        Assert.Contains(
            result.Assumptions, a => a.StartsWith("Matrix products run: with weights in fp8 in fp8; ", StringComparison.Ordinal));
        OperatorResult qkv = result.Operators["prefill"].First(o => o.Name is "qkv_projection");
        SimulationResult wide = Run(
            "Qwen/Qwen3-235B-A22B-FP8", """{"system_name": "h100", "tensor_parallel": 4, "cost_model": "roofline", "bits": "bf16"}""");
        Assert.True(qkv.LatencyMs < wide.Operators["prefill"].First(o => o.Name is "qkv_projection").LatencyMs);
    }

    [Fact]
    public void A_draft_model_keeps_its_own_formats()
    {
        const string alone = """{"system_name": "h200", "tensor_parallel": 8}""";
        const string drafted =
            """{"system_name": "h200", "tensor_parallel": 8, "speculative_decode": {"draft_model": "llama-3.2-1b"}}""";
        double draft = Run("deepseek-r1", drafted, "decode").MemoryUsage!.WeightBytes
            - Run("deepseek-r1", alone, "decode").MemoryUsage!.WeightBytes;
        Assert.InRange(draft, 2 * 1.236e9 / 8, 1.1 * 2 * 1.236e9 / 8);
    }

    [Fact]
    public void Windows_can_be_kept_alone()
    {
        SimulationResult usual = Run("google/gemma-3-27b-it", """{"system_name": "h200", "input_tokens": 32768}""");
        SimulationResult alone = Run(
            "google/gemma-3-27b-it", """{"system_name": "h200", "input_tokens": 32768, "kv_window_extra_tokens": 0}""");
        Assert.Equal(52 * 512 * 8192.0, usual.MemoryUsage!.KvCacheBytes - alone.MemoryUsage!.KvCacheBytes, 1);
    }

    [Fact]
    public void A_wrong_part_or_format_is_refused_by_name()
    {
        Assert.Contains("'expert' is not a known parameter", Message("""{"quantization": {"expert": "fp8"}}"""), StringComparison.Ordinal);
        Assert.Contains("quantization.weights: 'q9'", Message("""{"quantization": {"weights": "q9"}}"""), StringComparison.Ordinal);
        Assert.Contains("quantization.head: 'x'", Message("""{"quantization": {"head": "x"}}"""), StringComparison.Ordinal);
    }

    [Fact]
    public void A_prepared_plan_with_mixed_formats_prices_without_allocating()
    {
        ICostPlan plan = Engine.Prepare(Config("openai/gpt-oss-120b", """{"system_name": "h100"}"""));
        Requests.WorkloadPoint point = Requests.WorkloadPoint.From(plan.Request.Workload);
        _ = plan.Evaluate(point);
        long before = GC.GetAllocatedBytesForCurrentThread();
        _ = plan.Evaluate(point);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_report_survives_json()
    {
        SimulationResult result = Run("openai/gpt-oss-20b", """{"system_name": "h100"}""");
        FormatReport read = SimulationResult.FromJson(result.ToJson()).Formats!;
        Assert.Equal(result.Formats!.Parts, read.Parts);
        Assert.Equal(result.Formats.WeightsOrigin, read.WeightsOrigin);
    }

    private static string Message(string parameters) =>
        Assert.Throws<InferometerException>(() => Run("llama-3.1-8b", parameters)).Message;

    private static SimulationResult Run(string model, string parameters, string features = "prefill,decode") =>
        Engine.Simulate(Config(model, parameters, features));

    private static SimulationConfig Config(string model, string parameters, string features = "prefill,decode") => new()
    {
        Model = model,
        Features = [.. features.Split(','), "flash_attention"],
        SimulationParams = new ParameterBag((System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse(parameters)!),
    };
}
