using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;

namespace Inferometer.Cli.Estimates;

/// <summary>What was asked, as columns and as words. A column is shown to people where it varies, to machines always.</summary>
internal static class SettingMeasures
{
    public static IReadOnlyList<Measure> All { get; } =
    [
        new(Column.Text("model", "model"), e => new Cell(ShortName(e.Settings.Model), e.Result?.Model ?? e.Settings.Model)),
        new(Column.Text("system", "system"), e => SystemName(e.Settings)),
        Whole("TP", "tensor_parallel", s => s.Tensor),
        Whole("PP", "pipeline_parallel", s => s.Pipeline),
        Whole("EP", "expert_parallel", s => s.Expert),
        Whole("DP", "data_parallel", s => s.Data),
        Text("formats", "formats", s => s.Formats),
        Whole("batch", "batch_size", s => s.Batch),
        Whole("input", "input_tokens", s => s.Input),
        Whole("output", "output_tokens", s => s.Output),
        Whole("beams", "beam_size", s => s.Beams),
        Whole("cached", "cached_prefix_tokens", s => s.CachedPrefix),
        Text("LoRA", "lora", s => s.Lora?.ToString()),
        Text("KV", "kv_compression", s => s.KvCompression),
        Text("draft", "draft_model", s => s.Draft is null ? null : ShortName(s.Draft)),
        new(Column.Number("drafted", "draft_tokens"), e => e.Settings.Draft is null ? Cell.None : e.Settings.DraftTokens),
        new(Column.Number("accepted", "acceptance_rate"), e => Cell.Number(e.Settings.AcceptanceRate)),
        Text("cost model", "cost_model", s => s.CostModel),
    ];

    /// <summary>What is the same in all of <paramref name="settings"/>, in words: <c>Llama-2-7b-hf on A100_80GB, bf16, TP 4, 2,048 tokens in</c>.</summary>
    public static string Describe(IReadOnlyList<EstimateSettings> settings)
    {
        EstimateSettings first = settings[0];
        bool decode = first.Phases.Contains("decode", StringComparer.Ordinal);
        List<string?> said =
        [
            Same(s => ShortName(s.Model)) is { } model ? model + (Same(SystemName) is { } on ? $" on {on}" : "") : Same(SystemName) is { } alone ? "on " + alone : null,
            Same(s => s.Formats),
            Same(s => s.Tensor == 1 ? null : $"TP {s.Tensor}"),
            Same(s => s.Pipeline == 1 ? null : $"PP {s.Pipeline}"),
            Same(s => s.Expert == 1 ? null : $"EP {s.Expert}"),
            Same(s => s.Data == 1 ? null : $"{(s.AttentionDataParallel ? "attention DP" : "DP")} {s.Data}"),
            first.Phases.Contains("chunked", StringComparer.Ordinal) ? "one chunked step" : Same(s => $"batch {Numbers.Whole(s.Batch)}"),
            first.Phases.Contains("chunked", StringComparer.Ordinal) ? null : Same(s => $"{Numbers.Whole(s.Input)} tokens in"),
            decode ? Same(s => $"{Numbers.Whole(s.Output)} out") : null,
            Same(s => s.Beams == 1 ? null : $"{s.Beams} beams"),
            Same(s => s.CachedPrefix == 0 ? null : $"{Numbers.Whole(s.CachedPrefix)} cached"),
            Same(s => s.Lora is null ? null : $"LoRA {s.Lora}"),
            Same(s => s.KvCompression is null ? null : $"KV {s.KvCompression}"),
            Same(s => s.Draft is null ? null : $"draft {ShortName(s.Draft)}"),
            Same(s => s.CostModel is "roofline" ? null : $"cost model {s.CostModel}"),
        ];
        return string.Join(", ", said.Where(s => s is not null));

        string? Same(Func<EstimateSettings, string?> of)
        {
            string? value = of(first);
            return settings.All(s => string.Equals(of(s), value, StringComparison.Ordinal)) ? value : null;
        }
    }

    /// <summary>A model's name without its organisation, or a path's last part.</summary>
    public static string ShortName(string model) => model.TrimEnd('/')[(model.TrimEnd('/').LastIndexOf('/') + 1)..];

    public static string SystemName(EstimateSettings settings) => settings.System ?? "custom system";

    private static Measure Whole(string heading, string key, Func<EstimateSettings, int> of) =>
        new(Column.Number(heading, key), e => of(e.Settings));

    private static Measure Text(string heading, string key, Func<EstimateSettings, string?> of) =>
        new(Column.Text(heading, key), e => of(e.Settings) is { } text ? text : Cell.None);
}
