using Inferometer.History.Records;
using Inferometer.Measurement.Load;
using Inferometer.Reports.Metrics;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Simulation.Serving;

namespace Inferometer.Reports.Runs;

/// <summary>What the history keeps of a service, measured or simulated.</summary>
public static class RecordedServing
{
    /// <summary>Most values that are kept of a series; of more requests every second, third and so on is kept.</summary>
    public const int MostValues = 10_000;

    private const int Stretches = 20;
    private const int LeastRequestsOfStretch = 5;

    private static readonly string[] Headlines = ["median_ttft_ms", "median_tpot_ms", "output_throughput", "request_goodput"];

    private static readonly (string Suffix, Statistic Statistic)[] Statistics =
    [
        ("mean", Statistic.Mean), ("median", Statistic.Median), ("std", Statistic.StandardDeviation), ("p90", Statistic.P90),
        ("p95", Statistic.P95), ("p99", Statistic.P99),
    ];

    private static readonly (string Key, Func<RequestOutcome, double> Seconds)[] Latencies =
    [
        ("ttft", o => o.FirstTokenSeconds - o.ArrivalSeconds),
        ("tpot", o => o.OutputTokens > 1 ? (o.LastTokenSeconds - o.FirstTokenSeconds) / (o.OutputTokens - 1) : double.NaN),
        ("e2el", o => o.LastTokenSeconds - o.ArrivalSeconds),
        ("queue", o => o.QueueSeconds),
    ];

    private static readonly (string Metric, string Series, string Unit, Func<RequestOutcome, double> Amount)[] Rates =
    [
        ("request_throughput", "stretch_requests_per_s", "requests/s", _ => 1),
        ("output_throughput", "stretch_output_tokens_per_s", "tokens/s", o => o.OutputTokens),
        ("total_token_throughput", "stretch_tokens_per_s", "tokens/s", o => o.PromptTokens + o.OutputTokens),
    ];

    /// <summary>Of a service under a load.</summary>
    /// <param name="result">What it did.</param>
    public static RecordedFigures Of(LoadResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Of(
            ServingReportMetrics.All, result.Report.Value, result.Report.Value,
                Measured(result.Timelines.Select(t => t.ToOutcome()), result.WarmUp));
    }

    /// <summary>Of a simulated service; series are of the outcomes, where it kept them.</summary>
    /// <param name="result">What it did.</param>
    public static RecordedFigures Of(ServiceResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Of(ServiceMetrics.All, result, result.Report.Value, Measured(result.Outcomes, result.WarmUp));
    }

    private static RecordedFigures Of<T>(IReadOnlyList<Metric<T>> metrics, T result, ServingReport report, RequestOutcome[] requests)
    {
        RunSeries[] series = [.. Series(report, requests)];
        HashSet<string> there = [.. series.Select(s => s.Key)];
        RunMetric[] figures = [.. metrics.Select(m => RecordedFigures.Of(m, result)).OfType<RunMetric>().Select(With)];
        return new RecordedFigures(figures, series);

        RunMetric With(RunMetric figure)
        {
            (Statistic statistic, string? key) = Behind(figure.Key);
            RunMetric headline = figure with { IsHeadline = Headlines.Contains(figure.Key, StringComparer.Ordinal) };
            return key is not null && there.Contains(key) ? headline with { Statistic = statistic, Series = key } : headline;
        }
    }

    // mean_ttft_ms is the mean of the series ttft_ms; a throughput is the mean of that of equal stretches of time.
    private static (Statistic Statistic, string? Series) Behind(string metric)
    {
        foreach ((string latency, _) in Latencies)
        {
            foreach ((string suffix, Statistic statistic) in Statistics)
            {
                if (string.Equals(metric, $"{suffix}_{latency}_ms", StringComparison.Ordinal))
                {
                    return (statistic, latency + "_ms");
                }
            }
        }

        return (Statistic.Mean, Rates.FirstOrDefault(r => string.Equals(r.Metric, metric, StringComparison.Ordinal)).Series);
    }

    private static RequestOutcome[] Measured(IEnumerable<RequestOutcome> requests, WarmUp warmUp) =>
        [.. requests.Where((r, i) => i >= warmUp.Requests && r.ArrivalSeconds >= warmUp.Seconds)];

    private static IEnumerable<RunSeries> Series(ServingReport report, RequestOutcome[] requests)
    {
        RequestOutcome[] completed = [.. requests.Where(r => r.FinishReason is FinishReason.Length or FinishReason.Stop)];
        if (completed.Length == 0)
        {
            yield break;
        }

        int step = ((completed.Length - 1) / MostValues) + 1;
        RequestOutcome[] kept = [.. completed.Where((_, i) => i % step == 0)];
        double start = requests.Min(r => r.ArrivalSeconds);
        yield return new RunSeries("arrival_s", "s", [.. kept.Select(r => r.ArrivalSeconds - start)]);
        yield return new RunSeries("input_tokens", "tokens", [.. kept.Select(r => (double)r.PromptTokens)]);
        yield return new RunSeries("output_tokens", "tokens", [.. kept.Select(r => (double)r.OutputTokens)]);
        foreach ((string key, Func<RequestOutcome, double> seconds) in Latencies)
        {
            double[] values = [.. kept.Select(r => seconds(r) * 1000)];
            if (values.Any(v => !double.IsNaN(v)))
            {
                yield return new RunSeries(key + "_ms", "ms", values);
            }
        }

        int stretches = Math.Min(Stretches, completed.Length / LeastRequestsOfStretch);
        if (stretches < 2 || report.DurationSeconds <= 0)
        {
            yield break;
        }

        foreach ((_, string key, string unit, Func<RequestOutcome, double> amount) in Rates)
        {
            yield return new RunSeries(key, unit, Rate(completed, start, report.DurationSeconds, stretches, amount));
        }
    }

    // What a request brings is spread evenly over the time in which it was answered.
    private static double[] Rate(
        RequestOutcome[] requests, double start, double duration, int stretches, Func<RequestOutcome, double> amount)
    {
        double[] rates = new double[stretches];
        double length = duration / stretches;
        foreach (RequestOutcome request in requests)
        {
            double from = (request.FirstTokenSeconds - start) / length, to = (request.LastTokenSeconds - start) / length;
            for (int i = Math.Clamp((int)from, 0, stretches - 1); i < stretches && (i <= to || i == (int)from); i++)
            {
                double share = to > from ? (Math.Min(to, i + 1) - Math.Max(from, i)) / (to - from)
                    : i == Math.Clamp((int)from, 0, stretches - 1) ? 1 : 0;
                rates[i] += Math.Max(0, share) * amount(request) / length;
            }
        }

        return rates;
    }
}
