using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Core.Deployments;
using Inferometer.Scheduling;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Explanation;

/// <summary>Changes to a service that may help; whether they are possible is for the simulator to say.</summary>
/// <param name="service">The service.</param>
/// <param name="plan">Its deployment.</param>
/// <param name="now">Its forecast.</param>
internal sealed class ServiceImprovements(ExplainedService service, ICostPlan plan, ServiceForecast now)
{
    private const int Bits16 = 16;
    private const double Full = 0.95;

    private readonly SimulationConfig _config = service.Config;
    private readonly ServingSimulationOptions _options = service.Options(plan);

    /// <summary>The changes.</summary>
    public IEnumerable<ServiceChange> All() => [.. Batching(), .. Devices(), .. Formats()];

    private IEnumerable<ServiceChange> Batching()
    {
        SchedulerOptions scheduler = _options.Scheduler;
        if (!scheduler.ChunkedPrefill)
        {
            yield return Scheduled("chunks", "prompts in chunks (--enable-chunked-prefill)", s => s with { ChunkedPrefill = true });
        }

        if (scheduler.PrefillFirst)
        {
            yield return Scheduled(
                "mixed", "prompts beside those that decode (SGLang: --enable-mixed-chunk)", s => s with { PrefillFirst = false });
        }

        foreach (int tokens in new[] { scheduler.MaxTokensPerStep / 4, scheduler.MaxTokensPerStep / 2, 2 * scheduler.MaxTokensPerStep })
        {
            if (tokens >= 256)
            {
                yield return Scheduled(
                    "step_tokens", Say($"steps of at most {tokens:#,0} tokens instead of {scheduler.MaxTokensPerStep:#,0} ")
                        + "(--max-num-batched-tokens)",
                    s => s with { MaxTokensPerStep = tokens });
            }
        }

        double running = now.Result.OverTime.Max(p => p.Running) / now.Result.Load.Replicas;
        if (running >= Full * scheduler.EffectiveMaxSequences)
        {
            int places = 2 * scheduler.EffectiveMaxSequences;
            yield return Scheduled(
                "places", Say($"{places:#,0} sequences at once instead of {scheduler.EffectiveMaxSequences:#,0} (--max-num-seqs)"),
                s => s with { MaxSequences = places, Batching = s.Batching == BatchingMode.Off ? BatchingMode.Continuous : s.Batching });
        }

        if (!_options.PrefixCaching && service.Traffic(plan).Made is { } made && (made.SharedPrefixTokens > 0 || made.Turns is not null))
        {
            yield return new("prefix_cache", "prefix caching") { Options = o => o with { PrefixCaching = true } };
        }

        if (_options.BlockCount is { } blocks)
        {
            yield return new("cache", "as much KV cache as memory has room for")
            {
                Options = o => o with { BlockCount = Math.Max(blocks, ServingSimulation.BlocksThatFit(plan, o)) },
            };
        }
    }

    private IEnumerable<ServiceChange> Devices()
    {
        int replicas = _options.Replicas;
        yield return new("replicas", Say($"{2 * replicas} replicas instead of {replicas}: twice the devices"))
        {
            Options = o => o with
            {
                Replicas = 2 * replicas,
                Disaggregation = o.Disaggregation is { } apart ? apart with { PrefillReplicas = 2 * apart.PrefillReplicas } : null,
            },
        };
        if (_options.Disaggregation is null && plan.KvBytesPerToken > 0)
        {
            yield return new("separate_prompts", "prompts on replicas of their own: twice the devices")
            {
                Options = o => o with
                {
                    Replicas = 2 * replicas,
                    Disaggregation = new Disaggregation
                    {
                        PrefillReplicas = replicas,
                        BandwidthBytesPerSecond = plan.Request.System.InterNode.Bandwidth,
                        LatencySeconds = plan.Request.System.InterNode.LatencySeconds,
                    },
                },
            };
        }

        ParameterBag stated = _config.SimulationParams;
        int tensor = stated.Int32("tensor_parallel", 1);
        yield return new("tensor", Say($"tensor parallelism {2 * tensor} instead of {tensor}: twice the devices"))
        {
            Config = With("tensor_parallel", 2 * tensor),
        };
        if (tensor > 1 && stated.Int32("expert_parallel", 1) == 1 && stated.Int32("data_parallel", 1) == 1)
        {
            yield return new("experts", Say($"expert parallelism {tensor}")) { Config = With("expert_parallel", tensor) };
        }
    }

    private IEnumerable<ServiceChange> Formats()
    {
        ParameterBag group = _config.SimulationParams.Group("quantization");
        string bits = _config.SimulationParams.Text("bits", "bf16");
        var all = Precision.Parse(bits, "bits");
        var weights = Precision.Parse(group.Text("weights", bits), "weights");
        Precision cache = group.Contains("kv_cache") || all.BitsPerElement < Bits16
            ? Precision.Parse(group.Text("kv_cache", "bf16"), "kv_cache")
            : all;
        const string Condition = "if the quality allows it";
        if (weights.BitsPerElement >= Bits16)
        {
            yield return new("fp8", "weights and activations in fp8")
            {
                Config = Format(("weights", "fp8"), ("activations", "fp8")),
                Condition = Condition,
            };
        }

        if (weights.BitsPerElement > 5)
        {
            yield return new("int4", "weights in int4, products in bf16")
            {
                Config = Format(("weights", "int4"), ("activations", "bf16")),
                Condition = Condition,
            };
        }

        if (cache.BitsPerElement >= Bits16)
        {
            yield return new("kv_fp8", "KV cache in fp8")
            {
                Config = Format(("kv_cache", "fp8")),
                Options = o => o with { BlockCount = 2 * o.BlockCount },
                Condition = Condition,
            };
        }
    }

    private SimulationConfig With(string name, int value) =>
        _config with { SimulationParams = _config.SimulationParams.With(name, JsonValue.Create(value)) };

    private SimulationConfig Format(params (string Part, string Format)[] changes)
    {
        JsonObject group = _config.SimulationParams.Group("quantization").ToJson();
        foreach ((string part, string format) in changes)
        {
            group[part] = format;
        }

        return _config with { SimulationParams = _config.SimulationParams.With("quantization", group) };
    }

    private static ServiceChange Scheduled(string key, string text, Func<SchedulerOptions, SchedulerOptions> change) =>
        new(key, text) { Options = o => o with { Scheduler = change(o.Scheduler) } };

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
