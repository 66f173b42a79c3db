using System.Text.Json.Nodes;
using Inferometer.History.Comparison;
using Inferometer.History.Records;

namespace Inferometer.Reports.Runs;

/// <summary>Two runs beside each other, figure by figure, as JSON.</summary>
public static class RunDifference
{
    /// <summary>The figures that either has, with how far the second lies from the first and what can be said of that.</summary>
    /// <param name="first">The run that is the measure, with its series.</param>
    /// <param name="second">The run set beside it, with its series.</param>
    public static JsonObject Json(RunRecord first, RunRecord second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        var comparison = RunComparison.Of(first, second);
        return new JsonObject
        {
            ["a"] = RunJson.Of(first, isWhole: false),
            ["b"] = RunJson.Of(second, isWhole: false),
            ["same_config"] = string.Equals(first.Config.Hash, second.Config.Hash, StringComparison.Ordinal),
            ["warnings"] = new JsonArray([.. comparison.Warnings.Select(w => (JsonNode)w)]),
            ["metrics"] = new JsonArray(
            [
                .. first.Metrics.Concat(second.Metrics).DistinctBy(m => m.Key, StringComparer.Ordinal)
                    .Select(m => (JsonNode)Metric(m, first.Find(m.Key)?.Value, second.Find(m.Key)?.Value, comparison.Find(m.Key))),
            ]),
        };
    }

    private static JsonObject Metric(RunMetric metric, double? a, double? b, MetricDifference? difference) => new()
    {
        ["key"] = metric.Key,
        ["name"] = metric.Name,
        ["unit"] = metric.Unit,
        ["better"] = RunJson.WordOf(metric.Better),
        ["headline"] = metric.IsHeadline,
        ["a"] = a,
        ["b"] = b,
        ["change"] = difference?.Relative,
        ["change_low"] = difference?.RelativeInterval?.Low,
        ["change_high"] = difference?.RelativeInterval?.High,
        ["verdict"] = (difference?.Verdict ?? Verdict.Unknown).ToString().ToLowerInvariant(),
    };
}
