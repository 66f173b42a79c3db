using Inferometer.History.Records;
using Inferometer.Measurement.Watch;
using Inferometer.Reports.Watch;

namespace Inferometer.Reports.Runs;

/// <summary>The plots of series that are over another one: a sweep's over the rate, a watch's over time.</summary>
internal static class RunCurves
{
    private const int MostPoints = 1500;

    private static readonly Curve[] OfSweep =
    [
        new("Time to first token over the rate", "ms", [("median_ttft_ms", "p50"), ("p99_ttft_ms", "p99")]),
        new("Time per output token over the rate", "ms", [("median_tpot_ms", "p50"), ("p99_tpot_ms", "p99")]),
        new("Output throughput over the rate", "tokens/s", [("output_throughput", "output tokens/s")]),
        new("Requests that keep the service level", "share", [("slo_attainment", "share")]),
    ];

    private static readonly Curve[] OfWatch =
    [
        .. Enum.GetValues<WatchedLatency>().Select(l => new Curve(
            $"{WatchPage.NameOf(l)} over time", "ms",
            [
                (RecordedWatch.KeyOf(l) + "_ms", "observed"), ($"predicted_{RecordedWatch.KeyOf(l)}_ms", "predicted"),
                ($"predicted_low_{RecordedWatch.KeyOf(l)}_ms", "expected from"),
                ($"predicted_high_{RecordedWatch.KeyOf(l)}_ms", "expected to"),
            ])),
        new("Requests a second over time", "requests/s", [("request_throughput", "requests/s")]),
        new("Requests running and waiting", "requests", [("running_requests", "running"), ("waiting_requests", "waiting")]),
        new("KV cache in use", "share", [("kv_cache_usage", "in use")]),
    ];

    /// <summary>What can be drawn of some runs.</summary>
    public static IEnumerable<RunPlot> Of(IReadOnlyList<ReportedRun> runs)
    {
        foreach ((Curve[] curves, string axis) in new[] { (OfSweep, RecordedSweep.Axis), (OfWatch, RecordedWatch.Axis) })
        {
            ReportedRun[] with = [.. runs.Where(r => r.Record.Series.Any(s => string.Equals(s.Axis, axis, StringComparison.Ordinal)))];
            if (with.Length == 0)
            {
                continue;
            }

            (string name, double unit) = axis is RecordedWatch.Axis
                ? Time(with.Max(r => Find(r, axis)!.Values.Max()))
                : ("requests/s sent", 1);
            foreach (Curve curve in curves)
            {
                RunPlotLine[] lines = [.. with.SelectMany(r => Lines(r, curve, Find(r, axis)!.Values, unit, with.Length > 1))];
                if (lines.Length > 0)
                {
                    yield return new RunPlot(curve.Title, RunPlotKind.Curves, name, curve.Unit, [.. lines]);
                }
            }
        }
    }

    private static IEnumerable<RunPlotLine> Lines(
        ReportedRun run, Curve curve, IReadOnlyList<double> axis, double unit, bool areSeveral)
    {
        for (int i = 0; i < curve.Lines.Length; i++)
        {
            (string key, string name) = curve.Lines[i];
            if (Find(run, key) is { Axis: not null } series && series.Values.Any(double.IsFinite))
            {
                // Several runs are told apart by their colours, what is drawn of one by how its lines are.
                yield return new RunPlotLine(
                    areSeveral ? $"{run.Label}, {name}" : name, areSeveral ? run.Colour : i, [.. Points(axis, series.Values, unit)])
                { Style = areSeveral || i >= 2 ? (RunLineStyle)Math.Min(i, 2) : RunLineStyle.Solid };
            }
        }
    }

    // A point without a value parts a line in two; of more points than can be seen every second, third and so on is drawn.
    private static IEnumerable<(double X, double Y)> Points(IReadOnlyList<double> axis, IReadOnlyList<double> values, double unit)
    {
        int stride = Math.Max(1, (values.Count + MostPoints - 1) / MostPoints);
        for (int i = 0; i < values.Count; i += stride)
        {
            yield return (axis[i] / unit, values[i]);
        }
    }

    private static (string Name, double Unit) Time(double seconds) => seconds switch
    {
        > 4 * 86_400 => ("days", 86_400),
        > 4 * 3_600 => ("hours", 3_600),
        > 10 * 60 => ("minutes", 60),
        _ => ("seconds", 1),
    };

    private static RunSeries? Find(ReportedRun run, string key) =>
        run.Record.Series.FirstOrDefault(s => string.Equals(s.Key, key, StringComparison.Ordinal));

    private sealed record Curve(string Title, string Unit, (string Key, string Name)[] Lines);
}
