using Inferometer.History.Records;
using Inferometer.Measurement.Load;
using Inferometer.Reports.Metrics;
using Inferometer.Serving;

namespace Inferometer.Reports.Runs;

/// <summary>
/// What the history keeps of a service under loads of rising rates: up to which it kept up, and every metric of serving over the rate.
/// Each rate is besides kept as a run of its own, a part of this one.
/// </summary>
public static class RecordedSweep
{
    /// <summary>The series that the others are over: requests a second, as they were sent.</summary>
    public const string Axis = "request_rate";

    /// <summary>1 where the service kept up with the rate, 0 where not.</summary>
    public const string KeepsUp = "keeps_up";

    /// <summary>The figure that a sweep is made for; missing where the service kept up with none of the rates.</summary>
    public const string Knee = "knee_requests_per_s";

    // What of the load at the knee stands among the figures of the sweep.
    private static readonly string[] OfKnee =
        ["output_throughput", "median_ttft_ms", "p99_ttft_ms", "median_tpot_ms", "p99_tpot_ms", "slo_attainment"];

    /// <summary>Of a sweep.</summary>
    /// <param name="sweep">What was measured.</param>
    public static RecordedFigures Of(LoadSweep sweep)
    {
        ArgumentNullException.ThrowIfNull(sweep);
        return new RecordedFigures([.. Figures(sweep)], [.. Series(sweep)]);
    }

    private static IEnumerable<RunMetric> Figures(LoadSweep sweep)
    {
        if (sweep.Knee is { } knee)
        {
            yield return new RunMetric
            {
                Key = Knee,
                Name = "Rate that the service keeps up with",
                Unit = "requests/s",
                Better = Better.Higher,
                Value = knee.AnsweredPerSecond,
                IsHeadline = true,

                // It lies anywhere between this rate and the next one that was tried: the deviation of an equal distribution.
                StandardError = sweep.Points.FirstOrDefault(p => p.RequestsPerSecond > knee.RequestsPerSecond) is { } next
                    ? (next.RequestsPerSecond - knee.RequestsPerSecond) / Math.Sqrt(12)
                    : null,
            };
            foreach (Metric<ServingReport> metric in ServingReportMetrics.All.Where(m => OfKnee.Contains(m.Key, StringComparer.Ordinal)))
            {
                if (RecordedFigures.Of(metric, knee.Result.Report.Value) is { } figure)
                {
                    yield return figure with
                    {
                        Key = "knee_" + figure.Key,
                        Name = $"{figure.Name}, at that rate",
                        IsHeadline = figure.Key is "output_throughput",
                    };
                }
            }
        }

        yield return new RunMetric
        {
            Key = "peak_output_throughput",
            Name = "Most output tokens a second, at any rate",
            Unit = "tokens/s",
            Better = Better.Higher,
            Value = sweep.Points.Max(p => p.Result.Report.Value.OutputTokensPerSecond),
            IsHeadline = true,
        };
        yield return new RunMetric
        {
            Key = "rates",
            Name = "Rates tried",
            Unit = "",
            Better = Better.Neither,
            Value = sweep.Points.Count,
        };
    }

    private static IEnumerable<RunSeries> Series(LoadSweep sweep)
    {
        yield return new RunSeries(Axis, "requests/s", [.. sweep.Points.Select(p => p.RequestsPerSecond)]);
        yield return new RunSeries(KeepsUp, "", [.. sweep.Points.Select(p => p.KeepsUp ? 1.0 : 0)], Axis);
        foreach (Metric<ServingReport> metric in ServingReportMetrics.All)
        {
            double[] values = [.. sweep.Points.Select(p => metric.Of(p.Result.Report.Value) ?? double.NaN)];
            if (values.Any(double.IsFinite))
            {
                yield return new RunSeries(metric.Key, metric.Unit, values, Axis);
            }
        }
    }
}
