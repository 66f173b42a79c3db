using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;
using Inferometer.Serving;
using Inferometer.Simulation.Costs;

namespace Inferometer.Measurement.Validation;

/// <summary>
/// Sets recorded runs beside their replay: TTFT, TPOT and E2E of each request, and their means and percentiles over the requests of a run.
/// </summary>
public static class TraceValidation
{
    private const double Milliseconds = 1000;

    private static readonly (string Name, Func<TracedRequest, double?> Measured, Func<RequestOutcome, double?> Predicted)[] Times =
    [
        ("TTFT", r => r.TtftSeconds, o => o.FirstTokenSeconds - o.ArrivalSeconds),
        ("TPOT", r => r.TpotSeconds, o => o.OutputTokens < 2 ? null : (o.LastTokenSeconds - o.FirstTokenSeconds) / (o.OutputTokens - 1)),
        ("E2E", r => r.EndToEndSeconds, o => o.LastTokenSeconds - o.ArrivalSeconds),
    ];

    private static readonly (string Name, Func<MetricSummary, double> Of)[] Statistics =
        [("mean", s => s.Mean), ("p50", s => s.P50), ("p90", s => s.P90), ("p99", s => s.P99)];

    /// <summary>Compares the runs of a table.</summary>
    public static ValidationResult Run(PublishedTable table, TraceReplay replay, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(replay);
        List<Comparison> comparisons = [];
        List<TracedRunErrors> runs = [];
        LeftOutRows leftOut = new();
        int predicted = 0;
        foreach (ServingTrace trace in table.Traces)
        {
            try
            {
                ReplayedTrace replayed = replay.Predict(trace, cancellationToken);
                foreach ((string metric, Func<TracedRequest, double?> measuredOf, Func<RequestOutcome, double?> predictedOf) in Times)
                {
                    List<(int Number, double Measured, double Predicted)> pairs = [];
                    foreach ((TracedRequest measured, RequestOutcome outcome) in replayed.Requests)
                    {
                        if (measuredOf(measured) is > 0 and { } real && predictedOf(outcome) is > 0 and { } simulated)
                        {
                            pairs.Add((measured.Number, Milliseconds * real, Milliseconds * simulated));
                        }
                    }

                    if (pairs.Count > 0)
                    {
                        Compare(trace, replayed, metric, pairs, comparisons, runs);
                    }
                }

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
            Runs = runs,
            Rows = table.Traces.Sum(t => t.Requests.Count),
            Predicted = predicted,
            LeftOut = leftOut.ToList(),
        };
    }

    private static void Compare(
        ServingTrace trace, ReplayedTrace replayed, string metric, List<(int Number, double Measured, double Predicted)> pairs,
        List<Comparison> comparisons, List<TracedRunErrors> runs)
    {
        MetricSummary measured = MetricSummary.Of([.. pairs.Select(p => p.Measured)])!;
        MetricSummary predicted = MetricSummary.Of([.. pairs.Select(p => p.Predicted)])!;
        Interval? range = replayed.Basis is { } basis
            ? EstimateBasis.NineTenths(metric switch
            {
                "TTFT" => basis.TimeToFirstToken,
                "TPOT" => basis.TimePerOutputToken,
                _ => basis.EndToEnd,
            }, predicted.Mean)
            : null;
        string model = trace.Model[(trace.Model.LastIndexOf('/') + 1)..];
        string label = $"{model} on {trace.Engine.Devices} x {trace.System}";
        Comparison one = new()
        {
            Id = trace.Run,
            Label = label,
            Metric = metric,
            Unit = "ms",
            Measured = 1,
            Predicted = 1,
            System = trace.System,
            Framework = trace.Framework,
            Model = trace.Model,
            Precision = trace.Precision,
            RestsOn = replayed.RestsOn,
        };
        comparisons.AddRange(Statistics.Select(s => one with
        {
            Metric = $"{s.Name} {metric}",
            Measured = s.Of(measured),
            Predicted = s.Of(predicted),
            Range = string.Equals(s.Name, "mean", StringComparison.Ordinal) ? range : null,
        }));
        Comparison[] each =
        [
            .. pairs.Select(p => one with
            {
                Id = FormattableString.Invariant($"{trace.Run}/{p.Number}"),
                Metric = $"{metric} of a request",
                Measured = p.Measured,
                Predicted = p.Predicted,
            }),
        ];
        comparisons.AddRange(each);
        runs.Add(new TracedRunErrors
        {
            Run = trace.Run,
            Label = label,
            Metric = metric,
            Requests = pairs.Count,
            MeasuredMs = measured.Mean,
            PredictedMs = predicted.Mean,
            RangeMs = range,
            P50Error = (predicted.P50 / measured.P50) - 1,
            P90Error = (predicted.P90 / measured.P90) - 1,
            P99Error = (predicted.P99 / measured.P99) - 1,
            Each = ErrorStatistics.Of(each)!,
        });
    }
}
