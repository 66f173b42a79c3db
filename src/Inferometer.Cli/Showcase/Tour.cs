using System.Text.Json.Nodes;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;

namespace Inferometer.Cli.Showcase;

/// <summary>The stations of the metrics tour.</summary>
internal static class Tour
{
    private static readonly int[] Contexts = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072];
    private static readonly int[] Lengths = [32, 128, 512, 1024];
    private static readonly int[] Batches = [1, 2, 4, 8, 16, 32, 64, 128];
    private static readonly int[] Degrees = [1, 2, 4, 8];

    private static readonly (string Model, int Tensor)[] Sizes =
    [
        ("llama-3.2-1b", 1), ("llama-3.2-3b", 1), ("llama-3.1-8b", 1), ("llama2_13b", 1), ("qwen2.5-32b", 2), ("llama-3.1-70b", 4), ("mixtral-8x7b", 2),
    ];

    /// <summary>The tour of one model on one system.</summary>
    /// <param name="start">Model and system.</param>
    /// <param name="longestContext">Contexts beyond it are left out.</param>
    public static IReadOnlyList<Scenario> Of(EstimateSettings start, int longestContext) =>
    [
        new("context_lengths", "Context length: what reading a longer prompt costs (prefill, batch 1)",
            [.. Contexts.Where(c => c <= longestContext).Select(c => (Numbers.Whole(c), start with { Input = c, Phases = new EquatableList<string>(["prefill"]) }))]),
        new("generation_lengths", "Generation length: what a longer answer costs (2,048 tokens in, batch 1)",
            [.. Lengths.Where(n => n + 2048 <= longestContext).Select(n => (Numbers.Whole(n), start with { Output = n }))]),
        new("batch_sizes", "Batch size: throughput bought with latency (2,048 tokens in, 256 out)",
            [.. Batches.Select(b => (Numbers.Whole(b), start with { Batch = b }))]),
        new("tensor_parallel", "Tensor parallelism: latency bought with devices (batch 8)",
            [.. Degrees.Select(d => (Numbers.Whole(d), start with { Batch = 8, Tensor = d }))], HasBaseline: true),
        new("optimisations", "Optimisations, one at a time (batch 8, 2,048 tokens in, 256 out)", Optimisations(start with { Batch = 8 }), HasBaseline: true),
        new("model_sizes", "Model size (batch 4, 2,048 tokens in, 256 out)",
            [.. Sizes.Select(s => (s.Tensor == 1 ? s.Model : $"{s.Model}, TP {s.Tensor}", start with { Model = s.Model, Tensor = s.Tensor, Batch = 4 }))]),
    ];

    private static List<(string Label, EstimateSettings Settings)> Optimisations(EstimateSettings start) =>
    [
        ("none (bf16, no flash attention)", start with { FlashAttention = false }),
        ("flash attention (baseline)", start),
        ("weights in fp8", start with { Weights = "fp8" }),
        ("weights in int4", start with { Weights = "int4" }),
        ("all in fp8", start with { Bits = "fp8", KvCache = "fp8" }),
        ("KV cache in fp8", start with { KvCache = "fp8" }),
        ("KV cache compressed, q4", start with { Parameters = new JsonObject { ["kv_compression"] = new JsonObject { ["profile"] = "q4" } } }),
        ("half of the prompt cached", start with { CachedPrefix = 1024 }),
        ("tensor parallelism 2", start with { Tensor = 2 }),
        ("speculative, n-gram, 70 % accepted", start with { Draft = "ngram", AcceptanceRate = 0.7 }),
        ("LoRA rank 16, merged", start with { Lora = new LoraSetting(16, 1, Merged: true) }),
        ("LoRA rank 16, dynamic", start with { Lora = new LoraSetting(16, 1, Merged: false) }),
        ("LoRA rank 16, 8 adapters", start with { Lora = new LoraSetting(16, 8, Merged: false) }),
    ];
}
