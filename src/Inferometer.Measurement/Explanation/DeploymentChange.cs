using System.Text.Json.Nodes;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Explanation;

/// <summary>A change of a deployment that may help.</summary>
/// <param name="Text">What to do.</param>
/// <param name="Config">The deployment with it.</param>
/// <param name="Condition">What must hold for it; empty = nothing.</param>
/// <param name="SeparatePrompts">As many devices again read the prompts.</param>
internal sealed record DeploymentChange(string Text, SimulationConfig Config, string Condition = "", bool SeparatePrompts = false)
{
    private const int Bits16 = 16;

    /// <summary>The changes that can be stated for a configuration; whether they are possible is for the simulator to say.</summary>
    public static IEnumerable<DeploymentChange> For(SimulationConfig config, WorkloadPoint point)
    {
        ParameterBag now = config.SimulationParams;
        int tensor = now.Int32("tensor_parallel", 1), data = now.Int32("data_parallel", 1), expert = now.Int32("expert_parallel", 1);
        bool shared = now.Boolean("attention_data_parallel", fallback: false);
        yield return new(
            FormattableString.Invariant($"tensor parallelism {2 * tensor} instead of {tensor}: twice the devices"),
            With("tensor_parallel", 2 * tensor));
        if (!shared)
        {
            yield return new(
                FormattableString.Invariant($"{2 * data} replicas instead of {data}: twice the devices"), With("data_parallel", 2 * data));
        }

        yield return new("prompts on workers of their own: twice the devices", config, SeparatePrompts: true);
        if (expert == 1 && tensor > 1)
        {
            yield return new(FormattableString.Invariant($"expert parallelism {tensor}"), With("expert_parallel", tensor));
        }

        var formats = StatedFormats.Of(now);
        if (formats.Weights.BitsPerElement >= Bits16)
        {
            yield return new(
                "weights and activations in fp8", Formats(("weights", "fp8"), ("activations", "fp8")), "if the quality allows it");
        }

        if (formats.Weights.BitsPerElement > 5)
        {
            yield return new(
                "weights in int4, products in bf16", Formats(("weights", "int4"), ("activations", "bf16")), "if the quality allows it");
        }

        if (formats.KvCache.BitsPerElement >= Bits16)
        {
            yield return new("KV cache in fp8", Formats(("kv_cache", "fp8")), "if the quality allows it");
        }

        if (point is { InputTokens: > 1, CachedPrefixTokens: 0 })
        {
            JsonObject prefix = new() { ["cached_tokens"] = point.InputTokens / 2 };
            yield return new(
                "prefix caching", config with { SimulationParams = now.With("prefix_caching", prefix) },
                FormattableString.Invariant($"if prompts share their first {point.InputTokens / 2} tokens"));
        }

        SimulationConfig With(string name, int value) => config with { SimulationParams = now.With(name, JsonValue.Create(value)) };

        SimulationConfig Formats(params (string Part, string Format)[] changes)
        {
            JsonObject group = now.Group("quantization").ToJson();
            foreach ((string part, string format) in changes)
            {
                group[part] = format;
            }

            return config with { SimulationParams = now.With("quantization", group) };
        }
    }

    /// <summary>The formats that a configuration states.</summary>
    private sealed record StatedFormats(Precision Weights, Precision KvCache)
    {
        public static StatedFormats Of(ParameterBag now)
        {
            ParameterBag group = now.Group("quantization");
            string bits = now.Text("bits", "bf16");
            var all = Precision.Parse(bits, "bits");
            return new(
                Precision.Parse(group.Text("weights", bits), "weights"),
                group.Contains("kv_cache") || all.BitsPerElement < Bits16
                    ? Precision.Parse(group.Text("kv_cache", "bf16"), "kv_cache")
                    : all);
        }
    }
}
