using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;
using Inferometer.Serving;

namespace Inferometer.Measurement.Validation;

/// <summary>Sets recorded runs beside their replay: mean and percentiles of TTFT and TPOT over the requests of a run.</summary>
public static class TraceValidation
{
    private const double Milliseconds = 1000;

    /// <summary>Compares the runs of a table.</summary>
    public static ValidationResult Run(PublishedTable table, TraceReplay replay, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(replay);
        List<Comparison> comparisons = [];
        LeftOutRows leftOut = new();
        int predicted = 0;
        foreach (ServingTrace trace in table.Traces)
        {
            try
            {
                (ServingReport report, string restsOn) = replay.Predict(trace, cancellationToken);
                comparisons.AddRange(Compare(trace, report, restsOn));
                predicted += trace.Requests.Count;
            }
            catch (InferometerException error)
            {
                leftOut.Add(error.Message, trace.Run);
            }
        }

        return new ValidationResult
        {
            Table = table.Path,
            Layout = table.Layout,
            Predictor = replay.Name,
            Comparisons = comparisons,
            Rows = table.Traces.Sum(t => t.Requests.Count),
            Predicted = predicted,
            LeftOut = leftOut.ToList(),
        };
    }

    private static IEnumerable<Comparison> Compare(ServingTrace trace, ServingReport report, string restsOn)
    {
        MetricSummary first = MetricSummary.Of([.. trace.Requests.Select(r => r.TtftSeconds)])!;
        MetricSummary next = MetricSummary.Of([.. trace.Requests.Select(r => r.TpotSeconds).OfType<double>()])!;
        (string Metric, Func<MetricSummary, double> Of)[] statistics =
            [("mean", s => s.Mean), ("p50", s => s.P50), ("p90", s => s.P90), ("p99", s => s.P99)];
        foreach ((string name, Func<MetricSummary, double> of) in statistics)
        {
            foreach ((string metric, MetricSummary measured, MetricSummary? predicted) in
                new[] { ("TTFT", first, report.TimeToFirstToken), ("TPOT", next, report.TimePerOutputToken) })
            {
                if (predicted is not null)
                {
                    yield return new Comparison
                    {
                        Id = trace.Run,
                        Label = $"{trace.Model[(trace.Model.LastIndexOf('/') + 1)..]} on {trace.Engine.Devices} x {trace.System}",
                        Metric = $"{name} {metric}",
                        Unit = "ms",
                        Measured = Milliseconds * of(measured),
                        Predicted = Milliseconds * of(predicted),
                        System = trace.System,
                        Framework = trace.Framework,
                        Model = trace.Model,
                        Precision = trace.Precision,
                        RestsOn = restsOn,
                    };
                }
            }
        }
    }
}
