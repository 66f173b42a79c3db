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
    // What a table of several services has room for.
    private static readonly Dictionary<string, string> s_headings = new(StringComparer.Ordinal)
    {
        ["slo_attainment"] = "in SLO",
        ["median_ttft_ms"] = "TTFT p50",
        ["p90_ttft_ms"] = "TTFT p90",
        ["median_tpot_ms"] = "TPOT p50",
        ["p90_tpot_ms"] = "TPOT p90",
        ["median_e2el_ms"] = "E2E p50",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Metric<ServiceResult>> All { get; } =
    [
        .. ServingReportMetrics.All.Select(m => new Metric<ServiceResult>
        {
            Key = m.Key,
            Name = m.Name,
            Unit = m.Unit,
            Better = m.Better,
            Definition = m.Definition,
            Heading = s_headings.GetValueOrDefault(m.Key),
            Format = m.Key is "slo_attainment" ? (_, share) => Numbers.Percent(share) : null,
            Of = r => m.Of(Report(r)),
        }),
        More("sustained_request_throughput", "Sustained requests", "requests/s",
            "requests answered a second while the service neither fills nor empties, measured or not", r =>
                r.Load.Sustained?.RequestsPerSecond),
        More("sustained_output_throughput", "Sustained output", "tokens/s", "tokens generated a second in that time", r =>
            r.Load.Sustained?.OutputTokensPerSecond) with { Heading = "output/s" },
        Of("mean_requests_in_system", "Requests in the system", "requests", "times in the system over the duration (Little's law)", r =>
            Report(r).MeanRequestsInSystem),
        Of("preemptions", "Preemptions", "", "requests that lost their cache to others and computed again", r => Report(r).Preemptions),
        Of("overloaded", "Overloaded", "", "1 when requests pile up as long as they come (rule in docs/simulate.md), otherwise 0", r =>
            r.Overload is null ? 0 : 1),
        Of("total_requests", "Requests", "requests", "all requests, those of the warm-up included", r => r.Requests),
        Of("replicas", "Replicas", "replicas", "replicas behind the router", r => r.Load.Replicas),
        Of("devices", "Devices", "devices", "devices of all replicas", r => r.Load.Devices),
        Of("steps", "Steps", "steps", "steps of all replicas", r => r.Load.Steps),
        Of("busy_share", "Busy", "", "share of the time in which steps run, mean over replicas", r => r.Load.BusyShare),
        Of("mean_batch", "Batch", "sequences", "sequences in a step, mean over the time of steps", r => r.Load.MeanBatch)
            with { Heading = "batch" },
        Of("flop_utilization", "FLOP utilisation", "", "share of peak arithmetic over all time", r => r.Load.FlopUtilization),
        Of("bandwidth_utilization", "Bandwidth utilisation", "", "share of peak memory bandwidth over all time", r =>
            r.Load.BandwidthUtilization),
        Of("kv_cache_tokens", "KV cache", "tokens", "room in the cache of one replica", r => r.Load.KvCapacityTokens),
        Of("mean_kv_use", "KV cache in use", "", "share of the cache in use, mean over all time", r => r.Load.MeanKvUse),
        Of("peak_kv_use", "KV cache in use, most", "", "largest share of a replica's cache in use at once", r => r.Load.PeakKvUse)
            with { Heading = "KV use", Format = (_, share) => Numbers.Percent(share) },
        Of("average_power_watts", "Power", "W", "of all devices, idle time included", r => r.Load.Watts),
        Less("joules_per_output_token", "Energy", "J", "energy of all devices, idle time included, over generated tokens", r =>
            r.Load.JoulesPerOutputToken) with { Heading = "J/tok" },
        Less("usd_per_request", "Cost per request", "US dollars",
            "rent of all devices over requests at the sustained rate; without one over all from the first arrival to the last end", r =>
                r.Load.CostPerRequestUsd),
        Less("usd_per_million_output_tokens", "Cost", "US dollars", "the same over generated tokens, per million", r =>
            r.Load.CostPerMillionTokensUsd) with { Heading = "$/Mtok" },
        Less("usd_per_month", "Cost per month", "US dollars", "rent of all devices for 730 hours", r => r.Load.CostPerMonthUsd),
    ];

    private static ServingReport Report(ServiceResult result) => result.Report.Value;

    private static Metric<ServiceResult> Of(string key, string name, string unit, string definition, Func<ServiceResult, double?> of) =>
        new() { Key = key, Name = name, Unit = unit, Definition = definition, Of = of };

    private static Metric<ServiceResult> More(string key, string name, string unit, string definition, Func<ServiceResult, double?> of) =>
        Of(key, name, unit, definition, of) with { Better = Direction.HigherIsBetter };

    private static Metric<ServiceResult> Less(string key, string name, string unit, string definition, Func<ServiceResult, double?> of) =>
        Of(key, name, unit, definition, of) with { Better = Direction.LowerIsBetter };
}
