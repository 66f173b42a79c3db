using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Reports.Documents;
using Inferometer.Simulation.Configuration;

namespace Inferometer.Reports.Showcase;

/// <summary>The stations of the metrics tour.</summary>
public static class Tour
{
    private const string Prefill = "prefill";
    private const string Decode = "decode";
    private const string FlashAttention = "flash_attention";
    private const int Input = 2048;

    private static readonly int[] Contexts = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072];
    private static readonly int[] Lengths = [32, 128, 512, 1024];
    private static readonly int[] Batches = [1, 2, 4, 8, 16, 32, 64, 128];
    private static readonly int[] Degrees = [1, 2, 4, 8];

    private static readonly (string Model, int Tensor)[] Sizes =
    [
        ("llama-3.2-1b", 1), ("llama-3.2-3b", 1), ("llama-3.1-8b", 1), ("llama2_13b", 1), ("qwen2.5-32b", 2), ("llama-3.1-70b", 4),
        ("mixtral-8x7b", 2),
    ];

    /// <summary>Where the tour starts: one request of 2,048 tokens in and 256 out, in bf16, on one device.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="system">Name of the system.</param>
    public static SimulationConfig Start(string model, string system) => new()
    {
        Model = model,
        Features = new EquatableList<string>([Prefill, Decode, FlashAttention]),
        SimulationParams = new ParameterBag(new JsonObject
        {
            ["system_name"] = system,
            ["bits"] = "bf16",
            ["batch_size"] = 1,
            ["input_tokens"] = Input,
            ["output_tokens"] = 256,
        }),
    };

    /// <summary>The tour of one model on one system.</summary>
    /// <param name="start">Model and system; see <see cref="Start"/>.</param>
    /// <param name="longestContext">Contexts beyond it are left out.</param>
    public static IReadOnlyList<Scenario> Of(SimulationConfig start, int longestContext)
    {
        ArgumentNullException.ThrowIfNull(start);
        SimulationConfig eight = With(start, "batch_size", 8);
        return
        [
            new("context_lengths", "Context length: what reading a longer prompt costs (prefill, batch 1)",
                [.. Contexts.Where(c => c <= longestContext).Select(c => (Numbers.Whole(c), PrefillOf(start, c)))]),
            new("generation_lengths", "Generation length: what a longer answer costs (2,048 tokens in, batch 1)",
                [.. Lengths.Where(n => n + Input <= longestContext).Select(n => (Numbers.Whole(n), With(start, "output_tokens", n)))]),
            new("batch_sizes", "Batch size: throughput bought with latency (2,048 tokens in, 256 out)",
                [.. Batches.Select(b => (Numbers.Whole(b), With(start, "batch_size", b)))]),
            new("tensor_parallel", "Tensor parallelism: latency bought with devices (batch 8)",
                [.. Degrees.Select(d => (Numbers.Whole(d), With(eight, "tensor_parallel", d)))], HasBaseline: true),
            new(
                "optimisations", "Optimisations, one at a time (batch 8, 2,048 tokens in, 256 out)", Optimisations(eight),
                HasBaseline: true),
            new("model_sizes", "Model size (batch 4, 2,048 tokens in, 256 out)",
                [.. Sizes.Select(s => (s.Tensor == 1 ? s.Model : $"{s.Model}, TP {s.Tensor}", Sized(start, s.Model, s.Tensor)))]),
        ];
    }

    private static SimulationConfig PrefillOf(SimulationConfig start, int tokens)
    {
        JsonObject parameters = start.SimulationParams.ToJson();
        parameters.Remove("output_tokens");
        parameters["input_tokens"] = tokens;
        return start with
        {
            Features = new EquatableList<string>([Prefill, FlashAttention]),
            SimulationParams = new ParameterBag(parameters),
        };
    }

    private static SimulationConfig Sized(SimulationConfig start, string model, int tensor) =>
        With(With(start with { Model = model }, "tensor_parallel", tensor), "batch_size", 4);

    private static List<(string Label, SimulationConfig Config)> Optimisations(SimulationConfig start) =>
    [
        ("none (bf16, no flash attention)", start with { Features = new EquatableList<string>([Prefill, Decode]) }),
        ("flash attention (baseline)", start),
        ("weights in fp8", With(start, "quantization", new JsonObject { ["weights"] = "fp8" })),
        ("weights in int4", With(start, "quantization", new JsonObject { ["weights"] = "int4" })),
        ("all in fp8", With(With(start, "bits", "fp8"), "quantization", new JsonObject { ["kv_cache"] = "fp8" })),
        ("KV cache in fp8", With(start, "quantization", new JsonObject { ["kv_cache"] = "fp8" })),
        ("KV cache compressed, q4", With(start, "kv_compression", new JsonObject { ["profile"] = "q4" })),
        ("half of the prompt cached", With(start, "prefix_caching", new JsonObject { ["cached_tokens"] = Input / 2 })),
        ("tensor parallelism 2", With(start, "tensor_parallel", 2)),
        ("speculative, n-gram, 70 % accepted", With(
            start, "speculative_decode", new JsonObject { ["draft_model"] = "ngram", ["draft_tokens"] = 4, ["acceptance_rate"] = 0.7 })),
        ("LoRA rank 16, merged", WithLora(start, 1, "merged")),
        ("LoRA rank 16, dynamic", WithLora(start, 1, "dynamic")),
        ("LoRA rank 16, 8 adapters", WithLora(start, 8, "dynamic")),
    ];

    private static SimulationConfig WithLora(SimulationConfig start, int adapters, string strategy) =>
        With(start, "lora", new JsonObject { ["rank"] = 16, ["adapters"] = adapters, ["strategy"] = strategy });

    private static SimulationConfig With(SimulationConfig config, string name, JsonNode value) =>
        config with { SimulationParams = config.SimulationParams.With(name, value) };
}
