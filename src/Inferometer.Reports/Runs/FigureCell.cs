using Inferometer.History.Records;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Runs;

/// <summary>A figure of a run in a table.</summary>
internal static class FigureCell
{
    // Runs that are kept say of a share only that it has no unit.
    private static readonly string[] Shares =
        ["slo_attainment", "busy_share", "flop_utilization", "bandwidth_utilization", "mean_kv_use", "peak_kv_use"];

    /// <summary>
    /// The value; what is counted (requests, tokens, replicas, devices, steps), not per second, is whole: 24, not 24.0; a share is a
    /// percentage.
    /// </summary>
    public static Cell Of(RunMetric metric) =>
        Shares.Contains(metric.Key, StringComparer.Ordinal) ? Cell.Share(metric.Value)
        : metric.Unit is "requests" or "tokens" or "replicas" or "devices" or "steps" or ""
            && Math.Abs(metric.Value) < long.MaxValue && metric.Value == Math.Round(metric.Value)
            ? Cell.Number(metric.Value, Numbers.Whole((long)metric.Value))
            : Cell.Number(metric.Value);
}
