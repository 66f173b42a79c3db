using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Features.BuiltIn;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Planning;

/// <summary>Everything that can be said of an estimate by an option of its own; the rest is said by parameters and features.</summary>
public static class EstimateSettings
{
    private const int MostDevices = 1 << 20;
    private const int MostTokens = 1_000_000_000;
    private const int MostLayers = 100_000;
    private static readonly string[] Workload = ["prefill", "decode"];
    private static readonly string[] Decode = ["decode"];

    private static readonly EstimateSetting Compression = new()
    {
        Option = "--kv-compression",
        ValueName = CompressedCaches.Help + "|none",
        Description = "Older way to name a compressed cache, which can stand beside a number format in --kv.",
        Parameter = "kv_compression.profile",
        Heading = "KV",
        Key = "kv_compression",
        Read = text => text is "none" ? null : CompressedCaches.Find(text) is { } cache
            ? JsonValue.Create(cache)
            : throw EstimateSetting.Wrong("--kv-compression", text, "none, " + CompressedCaches.Allowed),
    };

    private static readonly EstimateSetting ExpertLayers = new()
    {
        Option = "--n-cpu-moe",
        Aliases = ["-ncmoe"],
        ValueName = "N|all",
        Description = "Layers, counted from the first, whose routed experts the host keeps and computes.",
        Parameter = "cpu_expert_layers",
        Heading = "CPU experts",
        Read = text => text switch
        {
            "all" => JsonValue.Create("all"),
            _ => EstimateSetting.TryWhole(text, 0, MostLayers) is { } layers
                ? JsonValue.Create(layers)
                : throw EstimateSetting.Wrong("--n-cpu-moe", text, $"a whole number from 0 to {MostLayers}, or all"),
        },
    };

    /// <summary>All of them, in the order of the help.</summary>
    public static IReadOnlyList<EstimateSetting> All { get; } =
    [
        Whole("--tp", "tensor_parallel", 1, MostDevices, 1, "Tensor parallelism.") with
        {
            Heading = "TP",
            Aliases = ["--tensor-parallel-size"],
        },
        Whole("--pp", "pipeline_parallel", 1, MostDevices, 1, "Pipeline parallelism.") with
        {
            Heading = "PP",
            Aliases = ["--pipeline-parallel-size"],
        },
        Whole("--ep", "expert_parallel", 1, MostDevices, 1, "Expert parallelism.") with { Heading = "EP" },
        Whole("--dp", "data_parallel", 1, MostDevices, 1, "Data parallelism.") with
        {
            Heading = "DP",
            Aliases = ["--data-parallel-size"],
        },
        Whole("--batch", "batch_size", 1, MostTokens, 1, "Requests in flight over the whole deployment.") with
        {
            Heading = "batch",
            IsAlwaysStated = true,
            Phases = Workload,
        },
        Whole("--input", "input_tokens", 1, MostTokens, 2048, "Prompt tokens per request.") with
        {
            Heading = "input",
            IsAlwaysStated = true,
            Phases = Workload,
        },
        Whole("--output", "output_tokens", 1, MostTokens, 256, "Generated tokens per request.") with
        {
            Heading = "output",
            IsAlwaysStated = true,
            Phases = Decode,
        },
        Whole("--beams", "beam_size", 1, MostTokens, 1, "Beams per request.") with
        {
            Heading = "beams",
            IsAlwaysStated = true,
            Phases = Decode,
        },
        EstimateSetting
            .WeightFormat("--bits", "bits",
                "Format of the model, a name of docs/catalog.md: bf16, fp8, int4, awq, q4_k_m, ...; fp8 and int8 set weights, "
                    + "activations and KV cache, nvfp4 weights and, where the device can, activations, narrower ones the weights alone. "
                    + "Published: as the checkpoint is.")
            with { Default = FormatChoice.Published },
        EstimateSetting.WeightFormat(
            "--weights", "quantization.weights", "Format of the weights alone, in place of the checkpoint's or that of --bits."),
        EstimateSetting.Format(
            "--kv", "quantization.kv_cache",
            "How keys and values are cached, in a number format or compressed: the table of --kv in docs/commands.md.") with
        {
            ValueName = "FORMAT|" + CompressedCaches.Help,
            Includes = Compression,
            Read = text => TryFormat(text) ?? throw EstimateSetting.Wrong(
                "--kv", text, $"a number format ({string.Join(", ", Precision.All.Select(p => p.Name))}), {CompressedCaches.Allowed}"),
        },
        EstimateSetting.Format("--activations", "quantization.activations", "Number format of the activations alone."),
        new()
        {
            Option = "--framework",
            ValueName = string.Join('|', FrameworkCatalog.All.Select(f => f.Name)) + "|none",
            Description =
                "Serving framework: the memory that it takes and keeps, and its own time in a step (docs/estimate.md). Where none is "
                + "named, no memory is kept, and times are those of the usual one for the device and format.",
            Parameter = "framework",
            Heading = "framework",
            Read = text => text is "none" ? null : JsonValue.Create(FrameworkCatalog.Find(text, "--framework", "none").Name),
        },
        new()
        {
            Option = "--memory-utilization",
            Aliases = ["--gpu-memory-utilization", "--mem-fraction-static"],
            ValueName = "SHARE",
            Description = "Share of the device's usable memory that the deployment takes, as the framework means it; the framework's own "
                + "default where nothing is said, all without a framework.",
            Range = "above 0 to 1",
            Parameter = "memory_utilization",
            Heading = "of memory",
            Read = text => EstimateSetting.TryNumber(text) is { } share and > 0 and <= 1
                ? JsonValue.Create(share)
                : throw EstimateSetting.Wrong("--memory-utilization", text, "a number above 0 to 1"),
        },
        new()
        {
            Option = "--gpu-layers",
            Aliases = ["-ngl", "--n-gpu-layers"],
            ValueName = "N",
            Description = "Layers that the device keeps, counted from the last, the output layer as one behind them; the host computes the "
                + "others with its own memory (llama.cpp's -ngl).",
            Range = $"0 to {MostLayers}",
            Bounds = (0, MostLayers),
            Parameter = "gpu_layers",
            Heading = "GPU layers",
            Read = text => EstimateSetting.TryWhole(text, 0, MostLayers) is { } layers
                ? JsonValue.Create(layers)
                : throw EstimateSetting.Wrong("--gpu-layers", text, $"a whole number from 0 to {MostLayers}"),
        },
        ExpertLayers,
        new()
        {
            Option = "--override-tensor",
            Aliases = ["-ot"],
            ValueName = "exps=CPU",
            Description = "The same as llama.cpp writes it: a pattern that means the routed experts, to the CPU.",
            Parameter = "cpu_expert_layers",
            Read = text => text.EndsWith("=CPU", StringComparison.OrdinalIgnoreCase) && text.Contains("exps", StringComparison.Ordinal)
                ? JsonValue.Create("all")
                : throw EstimateSetting.Wrong(
                    "--override-tensor", text, "a pattern of the routed experts to the CPU, such as exps=CPU or .ffn_.*_exps.=CPU"),
        },
        new()
        {
            Option = "--host",
            ValueName = "NAME",
            Description = "The processor beside the device that computes the host's part, by its name in the hardware catalog.",
            Parameter = "host",
            Heading = "host",
            Read = text => string.IsNullOrWhiteSpace(text)
                ? throw new InferometerException("--host: the text is empty.")
                : JsonValue.Create(text),
        },
        Whole("--prefix-cached", "prefix_caching.cached_tokens", 0, MostTokens, 0,
            "Leading prompt tokens that are in the cache already and shared by the batch.")
            with { Heading = "cached", Key = "cached_prefix_tokens" },
        new()
        {
            Option = "--lora",
            ValueName = "RANK[:ADAPTERS[:merged]]",
            Description = "Low-rank adapters served with the model, or none.",
            Parameter = "lora",
            Read = Lora,
        },
        Compression,
        Text(
            "--draft", "MODEL", "speculative_decode.draft_model",
            "Speculative decoding with this draft model, with mtp (the model's own prediction heads), with ngram, or none.")
            with
            {
                Heading = "draft",
                Key = "draft_model",
                Read = text => text is "none" ? null : string.IsNullOrWhiteSpace(text)
                    ? throw new InferometerException("--draft: the text is empty.")
                    : JsonValue.Create(Drafts.Require(text, "--draft")),
            },
        Whole("--draft-tokens", "speculative_decode.draft_tokens", 1, 256, 4, "Tokens drafted per round.") with
        {
            Heading = "drafted",
            Key = "draft_tokens",
            OnlyWith = "speculative_decode.draft_model",
        },
        new()
        {
            Option = "--acceptance",
            ValueName = "RATE",
            Description = "Share of drafted tokens accepted; 0.7 is assumed where nothing is said.",
            Range = "0 to 1",
            Parameter = "speculative_decode.acceptance_rate",
            OnlyWith = "speculative_decode.draft_model",
            Heading = "accepted",
            Key = "acceptance_rate",
            Read = Rate,
        },
        new()
        {
            Option = "--cost-model",
            ValueName = string.Join('|', CostModels.All.Select(m => m.Name)),
            Description = "What turns operators into time.",
            Parameter = "cost_model",
            Heading = "cost model",
            Default = CostModels.Default,
            IsAlwaysStated = true,
            Read = text => JsonValue.Create(CostModels.Find(text, "--cost-model").Name),
        },
    ];

    /// <summary>Those that say how a model is deployed, without those of a single workload: a service has its own words for it.</summary>
    public static IReadOnlyList<EstimateSetting> OfDeployment { get; } =
    [
        .. All.Where(s => s.Parameter is not ("batch_size" or "input_tokens" or "output_tokens" or "beam_size"
            or "prefix_caching.cached_tokens")),
    ];

    private static EstimateSetting Whole(string option, string parameter, int least, int most, int fallback, string description) =>
        EstimateSetting.Whole(option, parameter, least, most, fallback, description);

    private static EstimateSetting Text(string option, string valueName, string parameter, string description) => new()
    {
        Option = option,
        ValueName = valueName,
        Description = description,
        Parameter = parameter,
        Read = text => text is "none" ? null : string.IsNullOrWhiteSpace(text)
            ? throw new InferometerException($"{option}: the text is empty.")
            : JsonValue.Create(text),
    };

    private static JsonNode? TryFormat(string text)
    {
        try
        {
            return JsonValue.Create(Precision.Parse(text, "--kv").Name);
        }
        catch (InferometerException)
        {
            return null;
        }
    }

    private static JsonValue Rate(string text) => EstimateSetting.TryNumber(text) is { } rate and >= 0 and <= 1
            ? JsonValue.Create(rate)
            : throw EstimateSetting.Wrong("--acceptance", text, "a number from 0 to 1");

    private static JsonObject? Lora(string text)
    {
        if (text is "none")
        {
            return null;
        }

        string[] parts = text.Split(':');
        bool sound = parts.Length is >= 1 and <= 3 && Positive(parts[0]) is not null
            && (parts.Length < 2 || Positive(parts[1]) is not null)
            && (parts.Length < 3 || parts[2] is "merged" or "dynamic");
        return sound
            ? new JsonObject
            {
                ["rank"] = Positive(parts[0]),
                ["adapters"] = parts.Length > 1 ? Positive(parts[1]) : 1,
                ["strategy"] = parts.Length > 2 ? parts[2] : "dynamic",
            }
            : throw EstimateSetting.Wrong("--lora", text, "none or rank[:adapters[:merged]], such as 16 or 16:8 or 16:1:merged");
    }

    private static int? Positive(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0 ? value : null;
}
