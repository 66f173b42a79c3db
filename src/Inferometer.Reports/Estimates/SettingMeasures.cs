using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Reports.Documents;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Estimates;

/// <summary>What was asked, as columns and as words. A column is shown to people where it varies, to machines always.</summary>
internal static class SettingMeasures
{
    /// <summary>
    /// Model and system, then every setting that has a column; formats and adapters are one column each, made of several parameters.
    /// </summary>
    public static IReadOnlyList<Measure> All { get; } =
    [
        new(Column.Text("model", "model"), e => new Cell(ShortName(e.Config.Model), e.Result?.Model ?? e.Config.Model)),
        new(Column.Text("system", "system"), e => SystemName(e.Config)),
        .. EstimateSettings.All.SelectMany(Columns),
    ];

    /// <summary>Layers are dealt out to stages, which work at the same time.</summary>
    public static bool IsPipeline(SimulationConfig config) => Value(config, "pipeline_parallel", 1) is not (null or 1);

    /// <summary>
    /// What is the same in all of <paramref name="configs"/>, in words: <c>Llama-2-7b-hf on A100_80GB, bf16, TP 4, 2,048 tokens in</c>.
    /// </summary>
    /// <param name="configs">What was asked.</param>
    /// <param name="formats">The formats instead of what the configurations say of them, empty = they differ; null = what they say.</param>
    /// <param name="ofService">The deployment alone: what is asked of a service is no batch of equal requests.</param>
    public static string Describe(IReadOnlyList<SimulationConfig> configs, string? formats = null, bool ofService = false)
    {
        SimulationConfig first = configs[0];
        (bool decode, bool chunked) = (Has(first, "decode"), Has(first, "chunked"));
        List<string?> said =
        [
            Same(c => ShortName(c.Model)) is { } model ? model + (Same(SystemName) is { } on ? $" on {on}" : "")
                : Same(SystemName) is { } alone ? "on " + alone : null,
            formats is null ? Same(Formats) : formats.Length > 0 ? formats : null,
            Degree("TP", "tensor_parallel"),
            Degree("PP", "pipeline_parallel"),
            Degree("EP", "expert_parallel"),
            Degree(Given(first, "attention_data_parallel") is null ? "DP" : "attention DP", "data_parallel"),
            .. ofService ? [] : Work(),
            Same(c => Lora(c) is { } lora ? $"LoRA {lora}" : null),
            Same(c => Said(c, "kv_compression.profile") is { } profile ? $"KV {profile}" : null),
            Same(c => Said(c, "speculative_decode.draft_model") is { } draft ? $"draft {ShortName(draft)}" : null),
            Same(c => Said(c, "framework")),
            Same(c => Real(c, "memory_utilization") is { } share ? $"{Numbers.Percent(share)} of memory" : null),
            Same(c => Real(c, "gpu_layers") is { } n ? $"{Numbers.Whole((long)n)} GPU layers" : null),
            Same(c => Given(c, "cpu_expert_layers") is { } n ? $"experts of {n} layers on the CPU" : null),
            Same(c => Said(c, "cost_model") is null or CostModels.Default ? null : $"cost model {Said(c, "cost_model")}"),
        ];
        return string.Join(", ", said.Where(s => s is not null));

        IEnumerable<string?> Work() =>
        [
            chunked ? "one chunked step" : Count("batch_size", 1, n => $"batch {n}"),
            chunked ? null : Count("input_tokens", 2048, n => $"{n} tokens in"),
            decode ? Count("output_tokens", 256, n => $"{n} out") : null,
            Same(c => Value(c, "beam_size", 1) is { } n and not 1 ? string.Create(CultureInfo.InvariantCulture, $"{n} beams") : null),
            Count("prefix_caching.cached_tokens", 0, n => $"{n} cached"),
        ];

        string? Degree(string word, string name) =>
            Same(c => Value(c, name, 1) is { } n and not 1 ? string.Create(CultureInfo.InvariantCulture, $"{word} {n}") : null);

        string? Count(string name, int fallback, Func<string, string> words) =>
            Same(c => Value(c, name, fallback) is { } n and not 0 ? words(Numbers.Whole((long)n)) : null);

        string? Same(Func<SimulationConfig, string?> of)
        {
            string? value = of(first);
            return configs.All(c => string.Equals(of(c), value, StringComparison.Ordinal)) ? value : null;
        }
    }

    /// <summary>Lengths of requests, give or take a fifth, as far as they are the same in all configurations.</summary>
    public static string LengthsOf(IReadOnlyList<SimulationConfig> configs)
    {
        double?[] inputs = [.. configs.Select(c => Value(c, "input_tokens", 2048)).Distinct()];
        double?[] outputs = [.. configs.Select(c => Value(c, "output_tokens", 256)).Distinct()];
        string[] same =
        [
            .. inputs is [{ } input] ? new[] { $"about {Numbers.Whole((long)input)} tokens in" } : [],
            .. outputs is [{ } output] ? new[] { $"{Numbers.Whole((long)output)} out" } : [],
        ];
        return string.Join(", ", same);
    }

    /// <summary>A configuration with the names that an estimate found in place of those it was asked with.</summary>
    public static SimulationConfig Named(SimulationConfig config, string model, string system) => config with
    {
        Model = model,
        SimulationParams = config.SimulationParams.With("system_name", system),
        SystemConfig = null,
    };

    /// <summary>A model's name without its organisation, or a path's last part.</summary>
    public static string ShortName(string model) => model.TrimEnd('/')[(model.TrimEnd('/').LastIndexOf('/') + 1)..];

    /// <summary>How many devices of what: unequal ones name themselves.</summary>
    public static string SystemOf(int devices, string system) =>
        system.Contains('+', StringComparison.Ordinal) ? system : $"{devices} x {system}";

    private static string SystemName(SimulationConfig config) =>
        config.SystemConfig is not null || Given(config, "system_name") is JsonObject
        ? "custom system"
        : Said(config, "system_name") ?? Simulation.SimulationEngine.DefaultSystem;

    /// <summary>The formats an estimate was priced with, or what was asked where there is no result.</summary>
    public static string FormatsOf(Estimate estimate) => estimate.Formats is { } found ? Short(found) : Formats(estimate.Config);

    /// <summary>
    /// One word where weights, activations and cache agree, as <c>bf16</c>; otherwise such as <c>int4/kv fp8</c>. Of the two kinds of 16
    /// bits none is worth a word: they take as much room and time.
    /// </summary>
    public static string Short(FormatReport formats)
    {
        bool wide = formats.Activations is "bf16" or "fp16" or "fp32";
        bool named = string.Equals(formats.Weights, formats.Activations, StringComparison.Ordinal);
        bool usual = string.Equals(formats.KvCache, formats.Activations, StringComparison.Ordinal)
            || (formats.KvCache is "bf16" or "fp16" && formats.Activations is "bf16" or "fp16");
        return string.Concat(
            formats.Weights,
            usual && (wide || named) ? "" : $"/kv {formats.KvCache}",
            wide || named ? "" : $"/act {formats.Activations}");
    }

    // One word: bf16, or int4/kv fp8 where formats differ.
    private static string Formats(SimulationConfig config)
    {
        string? kv = Said(config, "quantization.kv_cache"), activations = Said(config, "quantization.activations");
        return string.Concat(
            Said(config, "quantization.weights") ?? Said(config, "bits") ?? "published formats",
            kv is null ? "" : $"/kv {kv}",
            activations is null ? "" : $"/act {activations}");
    }

    private static string? Lora(SimulationConfig config) => Given(config, "lora") is null
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{Value(config, "lora.rank", 16)}:{Value(config, "lora.adapters", 1)}:{Said(config, "lora.strategy") ?? "dynamic"}");

    private static bool Has(SimulationConfig config, string feature) => config.Features.Contains(feature, StringComparer.Ordinal);

    // A comparison also shows what was asked wrongly, so that nothing is refused here; what is no number is shown as none.
    private static JsonNode? Given(SimulationConfig config, string path)
    {
        string[] parts = path.Split('.');
        JsonNode? node = config.SimulationParams.Raw(parts[0]);
        return parts.Length == 1 ? node : node is JsonObject group ? group[parts[1]] : null;
    }

    private static string? Said(SimulationConfig config, string path) =>
        Given(config, path) is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static double? Real(SimulationConfig config, string path) =>
        Given(config, path) is JsonValue value ? AsNumber(value) : null;

    // A node made of an int is no double, unlike one that was read from text.
    private static double? AsNumber(JsonValue value) =>
        value.TryGetValue(out double number) ? number : value.TryGetValue(out int whole) ? whole : null;

    private static double? Value(SimulationConfig config, string path, int fallback) =>
        Given(config, path) is null ? fallback : Real(config, path);

    private static IEnumerable<Measure> Columns(EstimateSetting setting)
    {
        string key = setting.Key ?? setting.Parameter;
        return setting switch
        {
            { Parameter: "bits" } => [new(Column.Text("formats", "formats"), e => FormatsOf(e))],
            { Parameter: "lora" } => [Text("LoRA", "lora", Lora)],
            { Heading: null } => [],
            { ValueName: "N" or "RATE" or "SHARE" } => [new(Column.Number(setting.Heading, key), e => Number(setting, e.Config))],
            _ => [Text(
                setting.Heading, key, c =>
                    setting.In(c.SimulationParams, c.Features) is JsonValue value && value.TryGetValue(out string? text)
                ? setting.Parameter is "speculative_decode.draft_model" ? ShortName(text) : text
                : setting.In(c.SimulationParams, c.Features)?.ToString())],
        };
    }

    private static Cell Number(EstimateSetting setting, SimulationConfig config) =>
        setting.In(config.SimulationParams, config.Features) is JsonValue node && AsNumber(node) is { } value
            ? value == Math.Floor(value) && setting.ValueName is "N" ? (int)value : Cell.Number(value)
            : Cell.None;

    private static Measure Text(string heading, string key, Func<SimulationConfig, string?> of) =>
        new(Column.Text(heading, key), e => of(e.Config) is { } text ? text : Cell.None);
}
