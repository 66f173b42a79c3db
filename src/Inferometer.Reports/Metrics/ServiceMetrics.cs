using Inferometer.Reports.Documents;
using Inferometer.Serving;
using Inferometer.Simulation.Serving;

namespace Inferometer.Reports.Metrics;

/// <summary>
/// The metrics of a simulated service, in the order of the columns. The keys are those of vLLM's serving benchmark (<c>vllm bench
/// serve</c>) wherever it has the metric. Latencies, rates and goodput are of measured requests; load, energy and cost are of all.
/// </summary>
public static class ServiceMetrics
{
    private const string Milliseconds = "ms";

    private static readonly (string Suffix, string Words, Func<MetricSummary, double> Of)[] s_statistics =
    [
        ("mean", "mean", s => s.Mean),
        ("median", "median", s => s.P50),
        ("std", "standard deviation", s => s.StandardDeviation),
        ("p90", "90th percentile", s => s.P90),
        ("p95", "95th percentile", s => s.P95),
        ("p99", "99th percentile", s => s.P99),
    ];

    private static readonly (string Key, string Name, string Definition, Func<ServingReport, MetricSummary?> Of)[] s_latencies =
    [
        ("ttft", "Time to first token", "arrival to the end of the step that gave the first token", r => r.TimeToFirstToken),
        ("tpot", "Time per output token", "(E2E - TTFT) / (tokens - 1)", r => r.TimePerOutputToken),
        ("itl", "Inter-token latency", "gaps between deliveries", r => r.InterTokenLatency),
        ("e2el", "End to end", "arrival to the last token", r => r.EndToEnd),
        ("queue", "Queueing", "arrival to admission", r => r.Queue),
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Metric<ServiceResult>> All { get; } =
    [
        Of("completed", "Completed", "requests", "measured requests that ended by length", r => Report(r).Completed),
        Of("failed", "Refused", "requests", "measured requests that were refused: too long for the cache or the model", r =>
            Report(r).Rejected),
        Of("duration", "Duration", "s", "first measured arrival to the last end", r => Report(r).DurationSeconds),
        Of("total_input_tokens", "Input tokens", "tokens", "prompt tokens of completed requests", r => Report(r).PromptTokens),
        Of("total_output_tokens", "Output tokens", "tokens", "tokens generated for them", r => Report(r).OutputTokens),
        Of("cached_input_tokens", "Cached tokens", "tokens", "prompt tokens that were in the prefix cache", r => Report(r).CachedTokens),
        Rate("request_throughput", "Request throughput", "requests/s", "completed requests over the duration", r =>
            Report(r).RequestsPerSecond),
        Rate("output_throughput", "Output throughput", "tokens/s", "generated tokens over the duration", r =>
            Report(r).OutputTokensPerSecond),
        Rate("total_token_throughput", "Total throughput", "tokens/s", "prompt and generated tokens over the duration", r =>
            Report(r).TotalTokensPerSecond),
        Rate("request_goodput", "Goodput", "requests/s", "completed requests that keep every limit of the service level, over the duration",
            r => Report(r).Goodput?.RequestsPerSecond),
        Rate("slo_attainment", "Attainment", "", "those over all measured requests", r => Report(r).Goodput?.Attainment),
        .. s_latencies.SelectMany(l => s_statistics.Select(s => new Metric<ServiceResult>
        {
            Key = $"{s.Suffix}_{l.Key}_ms",
            Name = $"{l.Name}, {s.Words}",
            Unit = Milliseconds,
            Better = Direction.LowerIsBetter,
            Definition = l.Definition,
            Of = r => l.Of(Report(r)) is { } summary ? s.Of(summary) * 1000 : null,
        })),
        Of("mean_requests_in_system", "Requests in the system", "requests", "times in the system over the duration (Little's law)", r =>
            Report(r).MeanRequestsInSystem),
        Of("preemptions", "Preemptions", "", "requests that lost their cache to others and computed again", r => Report(r).Preemptions),
        Of("overloaded", "Overloaded", "", "1 when the queue grows as long as requests come (rule in docs/simulate.md), otherwise 0", r =>
            r.Overload is null ? 0 : 1),
        Of("total_requests", "Requests", "requests", "all requests, those of the warm-up included", r => r.Requests),
        Of("replicas", "Replicas", "replicas", "replicas behind the router", r => r.Load.Replicas),
        Of("devices", "Devices", "devices", "devices of all replicas", r => r.Load.Devices),
        Of("steps", "Steps", "steps", "steps of all replicas", r => r.Load.Steps),
        Of("busy_share", "Busy", "", "share of the time in which steps run, mean over replicas", r => r.Load.BusyShare),
        Of("mean_batch", "Batch", "sequences", "sequences in a step, mean over the time of steps", r => r.Load.MeanBatch),
        Of("flop_utilization", "FLOP utilisation", "", "share of peak arithmetic over all time", r => r.Load.FlopUtilization),
        Of("bandwidth_utilization", "Bandwidth utilisation", "", "share of peak memory bandwidth over all time", r =>
            r.Load.BandwidthUtilization),
        Of("kv_cache_tokens", "KV cache", "tokens", "room in the cache of one replica", r => r.Load.KvCapacityTokens),
        Of("mean_kv_use", "KV cache in use", "", "share of the cache in use, mean over all time", r => r.Load.MeanKvUse),
        Of("peak_kv_use", "KV cache in use, most", "", "largest share of a replica's cache in use at once", r => r.Load.PeakKvUse),
        Of("average_power_watts", "Power", "W", "of all devices, idle time included", r => r.Load.Watts),
        Less("joules_per_output_token", "Energy", "J", "energy of all devices, idle time included, over generated tokens", r =>
            r.Load.JoulesPerOutputToken),
        Less("usd_per_request", "Cost per request", "US dollars",
            "rent of all devices from the first arrival to the last end over completed requests", r => r.Load.CostPerRequestUsd),
        Less("usd_per_million_output_tokens", "Cost", "US dollars", "the same over generated tokens, per million", r =>
            r.Load.CostPerMillionTokensUsd),
    ];

    /// <summary>Latencies for people: one row each.</summary>
    internal static Table Latencies(ServiceResult result)
    {
        Table table = new(
            "latencies",
            "Latency, ms",
            Column.Text("", "latency"),
            Column.Number("mean", "mean_ms"),
            Column.Number("p50", "median_ms"),
            Column.Number("p90", "p90_ms"),
            Column.Number("p95", "p95_ms"),
            Column.Number("p99", "p99_ms"),
            Column.Number("most", "max_ms"));
        foreach ((_, string name, _, Func<ServingReport, MetricSummary?> of) in s_latencies)
        {
            if (of(Report(result)) is { } s)
            {
                table.Add(
                    name,
                    Cell.Number(s.Mean * 1000),
                    Cell.Number(s.P50 * 1000),
                    Cell.Number(s.P90 * 1000),
                    Cell.Number(s.P95 * 1000),
                    Cell.Number(s.P99 * 1000),
                    Cell.Number(s.Max * 1000));
            }
        }

        return table;
    }

    private static ServingReport Report(ServiceResult result) => result.Report.Value;

    private static Metric<ServiceResult> Of(string key, string name, string unit, string definition, Func<ServiceResult, double?> of) =>
        new() { Key = key, Name = name, Unit = unit, Definition = definition, Of = of };

    private static Metric<ServiceResult> Rate(string key, string name, string unit, string definition, Func<ServiceResult, double?> of) =>
        Of(key, name, unit, definition, of) with { Better = Direction.HigherIsBetter };

    private static Metric<ServiceResult> Less(string key, string name, string unit, string definition, Func<ServiceResult, double?> of) =>
        Of(key, name, unit, definition, of) with { Better = Direction.LowerIsBetter };
}
