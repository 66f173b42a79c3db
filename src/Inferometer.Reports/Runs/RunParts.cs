using System.Globalization;
using Inferometer.History.Records;
using Inferometer.Measurement.Watch;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Watch;

namespace Inferometer.Reports.Runs;

/// <summary>What a run of several parts shows of them: the rates of a sweep, the stretches of a watch in which something drifted.</summary>
internal static class RunParts
{
    // Column of people's tables, key of the series.
    private static readonly (string Heading, string Key)[] OfRate =
    [
        ("requests/s", RecordedSweep.Axis), ("answered/s", "request_throughput"), ("output tokens/s", "output_throughput"),
        ("TTFT p50 ms", "median_ttft_ms"), ("p99", "p99_ttft_ms"), ("TPOT p50 ms", "median_tpot_ms"), ("p99", "p99_tpot_ms"),
        ("keep the level", "slo_attainment"), ("failed", "failed"),
    ];

    /// <summary>The parts of a run as a table; null = it has none.</summary>
    /// <param name="run">The run, with its series.</param>
    /// <param name="parts">Its parts, as far as they are runs of their own and at hand.</param>
    /// <param name="of">What the title says it is of; null = nothing.</param>
    public static Table? Of(RunRecord run, IReadOnlyList<RunRecord> parts, string? of = null)
    {
        string behind = of is null ? "" : $": {of}";
        return run.Kind switch
        {
            RunKind.LoadSweep when Find(run, RecordedSweep.Axis) is { } rates => Rates(run, rates.Values, parts, "Rates" + behind),
            RunKind.Watch when Find(run, RecordedWatch.Axis) is { } times => Drifts(run, times.Values, "Drift" + behind),
            _ => null,
        };
    }

    /// <summary>The rate that a part of a sweep was measured at; null = it does not say.</summary>
    internal static double? RateOf(RunRecord part) =>
        part.Config.ToJsonObject()[RecordedSweep.Axis] is { } rate && rate.GetValueKind() is System.Text.Json.JsonValueKind.Number
            ? rate.GetValue<double>()
            : null;

    private static Table Rates(RunRecord run, IReadOnlyList<double> rates, IReadOnlyList<RunRecord> parts, string title)
    {
        (string Heading, IReadOnlyList<double> Values, string Key)[] columns =
            [.. OfRate.Select(c => (c.Heading, Find(run, c.Key)?.Values!, c.Key)).Where(c => c.Item2 is not null)];
        IReadOnlyList<double>? keeps = Find(run, RecordedSweep.KeepsUp)?.Values;
        Table table = new(
            "rates", title,
            [
                .. columns.Select((c, i) => Column.Number(c.Heading, c.Key) with { IsRowName = i == 0 }),
                Column.Text("keeps up", RecordedSweep.KeepsUp), .. parts.Count > 0 ? [Column.Text("run", "run")] : (Column[])[],
            ]);
        for (int i = 0; i < rates.Count; i++)
        {
            RunRecord? part = parts.FirstOrDefault(p => RateOf(p) is { } rate && rate == rates[i]);
            table.Add(
            [
                .. columns.Select(c => double.IsNaN(c.Values[i]) ? Cell.None
                    : c.Key is "slo_attainment" ? Cell.Share(c.Values[i]) : Cell.Number(c.Values[i])),
                keeps is null ? Cell.None : keeps[i] > 0 ? "yes" : "no",
                .. parts.Count > 0 ? [part is null ? Cell.None : new Cell(part.ShortId, part.Id)] : (Cell[])[],
            ]);
        }

        return table;
    }

    // Looks in a row at which the same latency was outside on the same side are one stretch.
    private static Table Drifts(RunRecord run, IReadOnlyList<double> times, string title)
    {
        Table table = new(
            "drifts", title, Column.Text("from", "from_s") with { IsRowName = true }, Column.Text("to", "to_s"),
            Column.Text("latency", "metric"), Column.Text("", "drift"), Column.Number("furthest, ms", "observed_ms"),
            Column.Number("predicted", "predicted_ms"), Column.Number("expected from", "low_ms"), Column.Number("to", "high_ms"),
            Column.Number("looks", "looks"));
        foreach ((WatchedLatency latency, int first, int last, bool isSlower) in Stretches(run, times.Count))
        {
            string key = RecordedWatch.KeyOf(latency) + "_ms";
            IReadOnlyList<double> observed = Find(run, key)!.Values;
            IEnumerable<int> looks = Enumerable.Range(first, last - first + 1).Where(i => !double.IsNaN(observed[i]));
            int worst = isSlower ? looks.MaxBy(i => observed[i]) : looks.MinBy(i => observed[i]);
            table.Add(
                When(run, times[first]), When(run, times[last]), WatchPage.NameOf(latency),
                new Cell(isSlower ? "SLOWER" : "FASTER", isSlower ? "slower" : "faster") { Tone = Tone.Bad },
                Cell.Number(observed[worst]), At("predicted_" + key, worst), At("predicted_low_" + key, worst),
                At("predicted_high_" + key, worst), last - first + 1);
        }

        return table;

        Cell At(string key, int i) => Find(run, key)?.Values[i] is { } value && !double.IsNaN(value) ? Cell.Number(value) : Cell.None;
    }

    private static IEnumerable<(WatchedLatency Latency, int First, int Last, bool IsSlower)> Stretches(RunRecord run, int looks)
    {
        List<(WatchedLatency Latency, int First, int Last, bool IsSlower)> all = [];
        foreach (WatchedLatency latency in Enum.GetValues<WatchedLatency>())
        {
            IReadOnlyList<double>? drift = Find(run, "drift_" + RecordedWatch.KeyOf(latency))?.Values;
            for (int i = 0; drift is not null && i < looks; i++)
            {
                int first = i;
                bool isOutside = drift[i] is not 0 && !double.IsNaN(drift[i]);
                while (isOutside && i + 1 < looks && drift[i + 1].Equals(drift[first]))
                {
                    i++;
                }

                if (isOutside)
                {
                    all.Add((latency, first, i, drift[first] > 0));
                }
            }
        }

        return all.OrderBy(s => s.First).ThenBy(s => s.Latency);
    }

    private static Cell When(RunRecord run, double seconds)
    {
        DateTimeOffset at = run.At.AddSeconds(seconds);
        return new Cell(at.ToLocalTime().ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture), seconds);
    }

    private static RunSeries? Find(RunRecord run, string key) =>
        run.Series.FirstOrDefault(s => string.Equals(s.Key, key, StringComparison.Ordinal));
}
