using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.History.Records;

namespace Inferometer.History.Import;

/// <summary>
/// A result of AIPerf or GenAI-Perf: objects with <c>unit</c>, <c>avg</c>, <c>p50</c> and so on, the load in <c>input_config</c>. Their
/// <c>inter_token_latency</c> is of a request, (latency - TTFT) / (tokens - 1): what is called TPOT here.
/// </summary>
internal static class AiPerfResult
{
    private static readonly (string Theirs, string Ours)[] Latencies =
        [("time_to_first_token", "ttft"), ("inter_token_latency", "tpot"), ("request_latency", "e2el"),
            ("time_to_second_token", "time_to_second_token")];

    private static readonly (string Theirs, string Ours)[] Statistics =
        [("avg", "mean"), ("p50", "median"), ("std", "std"), ("p90", "p90"), ("p95", "p95"), ("p99", "p99")];

    private static readonly (string Theirs, string Ours, string Unit)[] Totals =
    [
        ("output_token_throughput", "output_throughput", "tokens/s"), ("request_throughput", "request_throughput", "requests/s"),
        ("total_token_throughput", "total_token_throughput", "tokens/s"), ("goodput", "request_goodput", "requests/s"),
        ("request_count", "completed", "requests"), ("output_sequence_length", "mean_output_tokens", "tokens"),
        ("input_sequence_length", "mean_input_tokens", "tokens"),
    ];

    public static ImportedRun Of(JsonElement result, string where)
    {
        List<RunMetric> metrics = [];
        foreach ((string theirs, string ours) in Latencies)
        {
            if (result.TryGetProperty(theirs, out JsonElement latency) && latency.ValueKind is JsonValueKind.Object)
            {
                double scale = Milliseconds(latency, where, theirs);
                metrics.AddRange(
                    from s in Statistics
                    let value = ImportedFigures.Number(latency, s.Theirs)
                    where value is not null
                    select ImportedFigures.Of($"{s.Ours}_{ours}_ms", "ms", value.Value * scale));
            }
        }

        foreach ((string theirs, string ours, string unit) in Totals)
        {
            if (result.TryGetProperty(theirs, out JsonElement total) && total.ValueKind is JsonValueKind.Object
                && ImportedFigures.Number(total, "avg") is { } value)
            {
                metrics.Add(ImportedFigures.Of(ours, unit, value));
            }
        }

        JsonObject settings = result.TryGetProperty("input_config", out JsonElement config) && config.ValueKind is JsonValueKind.Object
            ? ImportedFigures.Settings(config)
            : [];
        return new ImportedRun
        {
            Program = ImportedFigures.Text(result, "aiperf_version") is { } version ? $"AIPerf {version}" : "AIPerf or GenAI-Perf",
            Model = Model(config),
            At = ImportedFigures.Text(result, "start_time") is { } start && DateTimeOffset.TryParse(
                start, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeLocal,
                    out DateTimeOffset at) ? at : null,
            Settings = new JsonObject { ["input_config"] = settings },
            Metrics = ImportedFigures.WithErrors(metrics, metrics.Find(m => m.Key is "completed")?.Value),
        };
    }

    private static string? Model(JsonElement config)
    {
        if (config.ValueKind is not JsonValueKind.Object)
        {
            return null;
        }

        JsonElement owner = config.TryGetProperty("endpoint", out JsonElement endpoint) && endpoint.ValueKind is JsonValueKind.Object
            ? endpoint : config;
        foreach (string name in (string[])["model_names", "model"])
        {
            if (owner.TryGetProperty(name, out JsonElement names))
            {
                return names is { ValueKind: JsonValueKind.Array } && names.GetArrayLength() > 0
                    ? names[0].ValueKind is JsonValueKind.String ? names[0].GetString() : null
                    : ImportedFigures.Text(owner, name);
            }
        }

        return null;
    }

    private static double Milliseconds(JsonElement latency, string where, string name) => ImportedFigures.Text(latency, "unit") switch
    {
        "ms" or null => 1,
        "s" or "sec" => 1e3,
        "us" => 1e-3,
        "ns" => 1e-6,
        string unit => throw new InferometerException($"{where}: the unit of '{name}' is '{unit}'; it must be one of ns, us, ms, s."),
    };
}
