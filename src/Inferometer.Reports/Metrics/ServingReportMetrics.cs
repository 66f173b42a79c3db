using Inferometer.Reports.Documents;
using Inferometer.Serving;

namespace Inferometer.Reports.Metrics;

/// <summary>
/// The metrics of serving that a simulated and a measured service have alike, in the order of the columns. The keys are those of vLLM's
/// serving benchmark (<c>vllm bench serve</c>) wherever it has the metric.
/// </summary>
public static class ServingReportMetrics
{
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
        ("ttft", "Time to first token", "arrival to the first token", r => r.TimeToFirstToken),
        ("tpot", "Time per output token", "(E2E - TTFT) / (tokens - 1)", r => r.TimePerOutputToken),
        ("itl", "Inter-token latency", "gaps between deliveries", r => r.InterTokenLatency),
        ("e2el", "End to end", "arrival to the last token", r => r.EndToEnd),
        ("queue", "Queueing", "arrival to admission", r => r.Queue),
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Metric<ServingReport>> All { get; } =
    [
        Of("completed", "Completed", "requests", "measured requests that ended by length, or by themselves", r => r.Completed),
        Of("failed", "Failed", "requests", "measured requests that were refused or broke off", r => r.Failed),
        Of("duration", "Duration", "s", "first measured arrival to the last end", r => r.DurationSeconds),
        Of("total_input_tokens", "Input tokens", "tokens", "prompt tokens of completed requests", r => r.PromptTokens),
        Of("total_output_tokens", "Output tokens", "tokens", "tokens generated for them", r => r.OutputTokens),
        Of("cached_input_tokens", "Cached tokens", "tokens", "prompt tokens that were in the prefix cache", r => r.CachedTokens),
        Rate("request_throughput", "Request throughput", "requests/s", "completed requests over the duration", r => r.RequestsPerSecond),
        Rate("output_throughput", "Output throughput", "tokens/s", "generated tokens over the duration", r => r.OutputTokensPerSecond),
        Rate(
            "total_token_throughput", "Total throughput", "tokens/s", "prompt and generated tokens over the duration",
            r => r.TotalTokensPerSecond),
        Rate(
            "request_goodput", "Goodput", "requests/s", "completed requests that keep every limit of the service level, over the duration",
            r => r.Goodput?.RequestsPerSecond),
        Rate("slo_attainment", "Attainment", "", "those over all measured requests", r => r.Goodput?.Attainment),
        .. s_latencies.SelectMany(l => s_statistics.Select(s => new Metric<ServingReport>
        {
            Key = $"{s.Suffix}_{l.Key}_ms",
            Name = $"{l.Name}, {s.Words}",
            Unit = "ms",
            Better = Direction.LowerIsBetter,
            Definition = l.Definition,
            Of = r => l.Of(r) is { } summary ? s.Of(summary) * 1000 : null,
        })),
    ];

    /// <summary>Throughput for people, and what it is taken over: those under way after the last arrival are waited for.</summary>
    internal static string Throughput(ServingReport report) =>
        $"{Numbers.Short(report.RequestsPerSecond)} requests/s, {Numbers.Short(report.OutputTokensPerSecond)} output tokens/s, "
            + $"{Numbers.Short(report.TotalTokensPerSecond)} tokens/s; over the {Numbers.Milliseconds(report.DurationSeconds * 1000)} from "
            + "first arrival to last end";

    /// <summary>Latencies for people: one row each.</summary>
    internal static Table Latencies(ServingReport report)
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
            if (of(report) is { } s)
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

    private static Metric<ServingReport> Of(string key, string name, string unit, string definition, Func<ServingReport, double?> of) =>
        new() { Key = key, Name = name, Unit = unit, Definition = definition, Of = of };

    private static Metric<ServingReport> Rate(string key, string name, string unit, string definition, Func<ServingReport, double?> of) =>
        Of(key, name, unit, definition, of) with { Better = Direction.HigherIsBetter };
}
