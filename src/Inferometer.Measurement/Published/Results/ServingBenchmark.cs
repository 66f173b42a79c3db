using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Frameworks;

namespace Inferometer.Measurement.Published.Results;

/// <summary>
/// One run of a serving benchmark, by the fields its documentation gives. Of vLLM's <c>bench serve --save-result</c> and SGLang's
/// <c>bench_serving</c>: <c>mean_ttft_ms</c>, <c>mean_tpot_ms</c>, <c>max_concurrency</c>, totals of tokens. Of AIPerf and GenAI-Perf:
/// <c>time_to_first_token</c> and others as objects with <c>unit</c> and <c>avg</c>, the load in <c>input_config</c>.
/// </summary>
internal static class ServingBenchmark
{
    // A field that this program's load adds to those of vLLM.
    private const string OfLoad = "p99_send_delay_ms";

    public static bool IsVllm(JsonResult o) => o.Has("mean_ttft_ms") && o.Has("total_output_tokens");

    public static bool IsAiPerf(JsonResult o) => o.Inside("time_to_first_token")?.Has("avg") == true;

    public static ServingMeasurement Vllm(JsonResult o, string path, int line, BenchmarkSubject subject)
    {
        double completed = o.RequiredPositive("completed");
        double? users = o.Positive("max_concurrency");
        if (users is null && o.Text("request_rate") is not "inf")
        {
            throw new InferometerException(
                $"{o.Where}: requests came at a rate, however many were under way; only closed loops can be calibrated to. Run the "
                + "benchmark with --max-concurrency.");
        }

        return Row(o, path, line, subject, new Figures(
            Model: o.Text("model_id"),
            Framework: FrameworkOf(o.Text("backend")),
            Users: users ?? o.Positive("num_prompts") ?? completed,
            Input: o.RequiredPositive("total_input_tokens") / completed,
            Output: o.RequiredPositive("total_output_tokens") / completed,
            TtftMs: o.RequiredPositive("mean_ttft_ms"),
            TpotMs: o.RequiredPositive("mean_tpot_ms"),
            EndToEndMs: o.Positive("mean_e2el_ms") ?? o.Positive("mean_e2e_latency_ms"),
            MedianItlMs: o.Positive("median_itl_ms"),
            IsWarm: o.Has(OfLoad)));
    }

    public static ServingMeasurement AiPerf(JsonResult o, string path, int line, BenchmarkSubject subject)
    {
        JsonResult? config = o.Inside("input_config");
        JsonResult?[] loads =
        [
            config?.Inside("loadgen"), config?.Inside("perf_analyzer")?.Inside("stimulus"), config?.Inside("stimulus"), config,
        ];
        double users = loads.Select(load => load?.Positive("concurrency")).FirstOrDefault(u => u is not null)
            ?? throw new InferometerException(
                $"{o.Where}: 'input_config' gives no concurrency; only closed loops can be calibrated to. Run the benchmark with "
                + "--concurrency.");
        return Row(o, path, line, subject, new Figures(
            Model: config?.Inside("endpoint")?.FirstText("model_names") ?? config?.FirstText("model_names") ?? config?.FirstText("model"),
            Framework: FrameworkOf(config?.Text("backend")),
            Users: users,
            Input: Mean(o, "input_sequence_length"),
            Output: Mean(o, "output_sequence_length"),
            TtftMs: MeanMs(o, "time_to_first_token"),
            TpotMs: MeanMs(o, "inter_token_latency"), // of a request: (latency - TTFT) / (tokens - 1), what vLLM calls TPOT
            EndToEndMs: o.Has("request_latency") ? MeanMs(o, "request_latency") : null));
    }

    private static double Mean(JsonResult o, string name) =>
        o.Inside(name)?.RequiredPositive("avg") ?? throw new InferometerException($"{o.Where}: the field '{name}' is missing.");

    private static double MeanMs(JsonResult o, string name)
    {
        double value = Mean(o, name);
        JsonResult metric = o.Inside(name)!;
        return metric.Text("unit") switch
        {
            "ms" => value,
            "s" or "sec" => value * 1e3,
            "us" => value / 1e3,
            "ns" => value / 1e6,
            var unit => throw metric.Wrong("unit", unit ?? "missing", "one of ns, us, ms, s"),
        };
    }

    // "openai" and the like name the protocol, not the server.
    private static string? FrameworkOf(string? backend) => backend is null
        ? null
        : FrameworkCatalog.All.FirstOrDefault(f => Names(f).Any(n => backend.StartsWith(n, StringComparison.OrdinalIgnoreCase)))?.Name;

    private static IEnumerable<string> Names(FrameworkProfile framework) => framework.Aliases.Append(framework.Name);

    private static ServingMeasurement Row(JsonResult o, string path, int line, BenchmarkSubject subject, Figures run)
    {
        if (run.EndToEndMs is { } whole && Math.Max(run.TtftMs, run.TpotMs) > whole)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{o.Where}: a time to first token of {run.TtftMs:0.###} ms and {run.TpotMs:0.###} ms per token do not go into a whole "
                    + $"request of {whole:0.###} ms."));
        }

        return new ServingMeasurement
        {
            Id = o.Where,
            Table = path,
            Line = line,
            Model = BenchmarkSubject.Require(subject.Model, run.Model, o.Where, "which model was served; say it with --model"),
            System = BenchmarkSubject.Require(subject.System, null, o.Where, "on which machine; say it with --on"),
            Framework = BenchmarkSubject.Require(
                subject.Framework, run.Framework, o.Where, "which framework served; say it with --framework"),
            Precision = BenchmarkSubject.Require(subject.Precision, null, o.Where, "in which number format; say it with --bits"),
            KvPrecision = subject.KvPrecision ?? "",
            NominalInputTokens = (int)Math.Round(run.Input),
            NominalOutputTokens = Math.Max(1, (int)Math.Round(run.Output)),
            Concurrency = (int)Math.Round(run.Users),
            Engine = subject.Pool,
            IsWarm = run.IsWarm,
            MedianItlMs = run.MedianItlMs,
            TtftMs = run.TtftMs,
            TpotMs = run.TpotMs,
        };
    }

    private sealed record Figures(
        string? Model, string? Framework, double Users, double Input, double Output, double TtftMs, double TpotMs, double? EndToEndMs,
        double? MedianItlMs = null, bool IsWarm = false);
}
