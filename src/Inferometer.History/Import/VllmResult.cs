using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.History.Records;

namespace Inferometer.History.Import;

/// <summary>
/// A result of vLLM's <c>bench serve --save-result</c> or SGLang's <c>bench_serving</c>, whose keys are this program's. With
/// <c>--save-detailed</c> (<c>ttfts</c>, <c>itls</c>, <c>output_lens</c>) the requests behind the figures come with them.
/// </summary>
internal static class VllmResult
{
    private const double Agreement = 0.01;

    private static readonly string[] Counts = ["duration", "completed", "failed", "total_input_tokens", "total_output_tokens"];

    private static readonly (string Prefix, Statistic Statistic)[] Statistics =
        [("mean", Statistic.Mean), ("median", Statistic.Median), ("std", Statistic.StandardDeviation), ("p90", Statistic.P90),
            ("p95", Statistic.P95), ("p99", Statistic.P99)];

    public static ImportedRun Of(JsonElement result, string where)
    {
        List<RunMetric> metrics = [];
        JsonObject settings = [];
        foreach (JsonProperty field in result.EnumerateObject())
        {
            string key = field.Name.Replace("_e2e_latency_ms", "_e2el_ms", StringComparison.Ordinal);
            if (IsFigure(key) && ImportedFigures.Number(result, field.Name) is { } value)
            {
                metrics.RemoveAll(m => string.Equals(m.Key, key, StringComparison.Ordinal)); // of equal names the last counts
                metrics.Add(ImportedFigures.Of(key, UnitOf(key), value));
            }
            else if (field.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False
                && field.Name is not ("date" or "_where"))
            {
                settings[field.Name] = ImportedFigures.Setting(field.Value);
            }
        }

        RunSeries[] series = [.. Requests(result)];
        RunMetric[] figures = [.. metrics.Select(m => Behind(m, series))];
        RunSeries[] used = [.. series.Where(s => figures.Any(f => string.Equals(f.Series, s.Key, StringComparison.Ordinal)))];
        return new ImportedRun
        {
            Program = $"serving benchmark of {ImportedFigures.Text(result, "backend") ?? "vllm"}",
            Model = ImportedFigures.Text(result, "model_id"),
            At = DateTimeOffset.TryParseExact(
                ImportedFigures.Text(result, "date"), "yyyyMMdd-HHmmss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal,
                    out DateTimeOffset at) ? at : null,
            Settings = settings,
            Metrics = ImportedFigures.WithErrors(figures, ImportedFigures.Number(result, "completed")),
            Series = used,
        };
    }

    private static bool IsFigure(string key) =>
        Counts.Contains(key, StringComparer.Ordinal) || key.EndsWith("_ms", StringComparison.Ordinal)
        || key.EndsWith("throughput", StringComparison.Ordinal) || key.EndsWith("goodput", StringComparison.Ordinal);

    private static string UnitOf(string key) => key switch
    {
        "duration" => "s",
        "completed" or "failed" => "requests",
        _ when key.EndsWith("_ms", StringComparison.Ordinal) => "ms",
        _ when key.StartsWith("request_", StringComparison.Ordinal) => "requests/s",
        _ when key.EndsWith("throughput", StringComparison.Ordinal) => "tokens/s",
        _ when key.EndsWith("_tokens", StringComparison.Ordinal) => "tokens",
        _ => "",
    };

    // A request that failed has a time of 0 there.
    private static IEnumerable<RunSeries> Requests(JsonElement result)
    {
        if (ImportedFigures.List(result, "ttfts") is not { Length: > 1 } first)
        {
            yield break;
        }

        yield return new RunSeries("ttft_ms", "ms", [.. first.Select(s => s > 0 ? s * 1000 : double.NaN)]);
        if (result.TryGetProperty("itls", out JsonElement itls) && itls.ValueKind is JsonValueKind.Array && itls.GetArrayLength(
            ) == first.Length
            && ImportedFigures.List(result, "output_lens") is { } lengths && lengths.Length == first.Length
            && itls.EnumerateArray().All(gaps => gaps.ValueKind is JsonValueKind.Array
                && gaps.EnumerateArray().All(gap => gap.ValueKind is JsonValueKind.Number)))
        {
            double[] after = [.. itls.EnumerateArray().Select(gaps => gaps.EnumerateArray().Sum(g => g.GetDouble()))];
            yield return new RunSeries(
                "tpot_ms", "ms", [.. after.Zip(lengths, (s, tokens) => tokens > 1 && s > 0 ? s * 1000 / (tokens - 1) : double.NaN)]);
            yield return new RunSeries("e2el_ms", "ms", [.. after.Zip(first, (s, ttft) => ttft > 0 ? (ttft + s) * 1000 : double.NaN)]);
        }
    }

    // Only where the requests give the figure: programs have changed what they write.
    private static RunMetric Behind(RunMetric metric, RunSeries[] series)
    {
        foreach (RunSeries one in series)
        {
            foreach ((string prefix, Statistic statistic) in Statistics)
            {
                if (string.Equals(metric.Key, $"{prefix}_{one.Key}", StringComparison.Ordinal) && one.Known() is { Length: > 1 } values
                    && Math.Abs(Comparison.Statistics.Of(statistic, values) - metric.Value) <= Agreement * Math.Abs(metric.Value))
                {
                    return metric with { Series = one.Key, Statistic = statistic };
                }
            }
        }

        return metric;
    }
}
