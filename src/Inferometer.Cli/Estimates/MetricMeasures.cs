using Inferometer.Cli.Output;
using Inferometer.Simulation.Results;

namespace Inferometer.Cli.Estimates;

/// <summary>What came of an estimate, as columns. One place: adding a metric to every table, CSV and JSON is one line here.</summary>
internal static class MetricMeasures
{
    /// <summary>Tokens per second, the one metric that every kind of estimate has.</summary>
    public static Measure Rate { get; } = Number("tokens/s", "throughput_tokens_per_s", r => r.Throughput);

    public static IReadOnlyList<Measure> All { get; } =
    [
        Number("TTFT ms", "ttft_ms", r => r.Metrics.TtftMs),
        Number("TPOT ms", "tpot_ms", r => r.Metrics.TpotMs),
        Machine("itl_ms", r => r.Metrics.ItlMs),
        Number("E2E ms", "e2e_ms", r => r.Metrics.E2eMs),
        Machine("latency_ms", r => r.Latency),
        Rate,
        Machine("prefill_tokens_per_s", r => r.Metrics.PrefillTokensPerSecond),
        Machine("decode_tokens_per_s", r => r.Metrics.DecodeTokensPerSecond),
        Number("output/s", "output_tokens_per_s", r => r.Metrics.OutputTokensPerSecond),
        Machine("requests_per_s", r => r.Metrics.RequestsPerSecond),
        Machine("tokens_per_ms", r => r.Metrics.TokensPerMs),
        Machine("ms_per_token", r => r.Metrics.MsPerToken),
        new(Column.Number("$/Mtok", "usd_per_million_output_tokens"), e => e.Result?.Metrics.CostPerMillionTokensUsd is { } usd ? Cell.Number(usd, Numbers.Dollars(usd)[1..]) : Cell.None),
        Number("J/tok", "joules_per_output_token", r => r.Metrics.EnergyPerTokenJoules),
        Machine("average_power_watts", r => r.Metrics.AveragePowerWatts),
        Machine("devices", r => r.Devices),
        new(Column.Number("memory GB", "memory_bytes"), e => e.Result?.MemoryUsage is { } m ? Cell.Number(m.TotalBytes, $"{Numbers.Short(m.TotalBytes / 1e9)}/{Numbers.Short(m.CapacityBytes / 1e9)}") : Cell.None),
        Machine("memory_capacity_bytes", r => r.MemoryUsage?.CapacityBytes),
        Machine("weight_bytes", r => r.MemoryUsage?.WeightBytes),
        Machine("kv_cache_bytes", r => r.MemoryUsage?.KvCacheBytes),
        Machine("largest_batch", r => r.MemoryUsage?.LargestBatch),
        Machine("longest_context_tokens", r => r.MemoryUsage?.LongestContextTokens),
        new(Column.Text("error", "error") with { Audience = Audience.Machines }, e => new Cell(e.Error ?? "", e.Error)),
    ];

    private static Measure Number(string heading, string key, Func<SimulationResult, double?> of) =>
        new(Column.Number(heading, key), e => e.Result is { } result ? Cell.Number(of(result)) : Cell.None);

    private static Measure Machine(string key, Func<SimulationResult, double?> of) =>
        new(Column.Number(key, key) with { Audience = Audience.Machines }, e => e.Result is { } result ? Cell.Number(of(result)) : Cell.None);
}
