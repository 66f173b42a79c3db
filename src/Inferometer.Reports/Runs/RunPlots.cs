using Inferometer.Core;
using Inferometer.History.Records;

namespace Inferometer.Reports.Runs;

/// <summary>The plots of a report.</summary>
internal static class RunPlots
{
    private const int MostSteps = 400;
    private const int MostPoints = 1500;
    private const int FewestValues = 5;
    private const int MostBars = 16;

    /// <summary>Everything that can be drawn of some runs.</summary>
    public static IReadOnlyList<RunPlot> Of(IReadOnlyList<ReportedRun> runs)
    {
        List<RunPlot> plots = [];
        if (runs.Count > 1 && Changes(runs) is { Categories.Count: > 0 } changes)
        {
            plots.Add(changes);
        }

        plots.AddRange(RunCurves.Of(runs));
        foreach (RunSeries series in runs.SelectMany(r => r.Record.Series).Where(s => s.Axis is null)
            .DistinctBy(s => s.Key, StringComparer.Ordinal))
        {
            (ReportedRun Run, RunSeries Series)[] with =
            [
                .. runs.Select(r => (r, s: r.Record.Series.FirstOrDefault(s => string.Equals(s.Key, series.Key, StringComparison.Ordinal))))
                    .Where(x => x.s?.Known().Length >= FewestValues).Select(x => (x.r, x.s!)),
            ];
            if (with.Length == 0)
            {
                continue;
            }

            // What describes requests, such as their lengths, is no figure; of rates of stretches of time only their order says something.
            RunMetric[] behind =
                [.. runs.SelectMany(r => r.Record.Metrics).Where(m => string.Equals(m.Series, series.Key, StringComparison.Ordinal))];
            if (behind.Length == 0)
            {
                continue;
            }

            string name = NameOf(series.Key, runs);
            string axis = series.Unit.Length > 0 ? $"{name}, {series.Unit}" : name;
            if (!series.Key.StartsWith("stretch_", StringComparison.Ordinal))
            {
                plots.Add(new RunPlot(
                    $"{name}: share of values up to", RunPlotKind.Steps, axis, "values up to it, %",
                    [.. with.Select(x => new RunPlotLine(x.Run.Label, x.Run.Colour, Steps(x.Series.Known())))]));
            }

            plots.Add(new RunPlot(
                $"{name}: in the order they came", RunPlotKind.Points, "place in that order", axis,
                [.. with.Select(x => new RunPlotLine(x.Run.Label, x.Run.Colour, Points(x.Series.Values)))]));
        }

        return plots;
    }

    // Later runs beside the first, in percent of its figures.
    private static RunPlot Changes(IReadOnlyList<ReportedRun> runs)
    {
        RunMetric[] compared =
        [
            .. runs[0].Record.Metrics.Where(m => m.IsHeadline && m.Value > 0 && runs.Skip(1).Any(r => r.Record.Find(m.Key) is not null))
                .Take(MostBars),
        ];
        return new RunPlot(
            $"Change beside {runs[0].Label}", RunPlotKind.Bars, "%", "",
            [
                .. runs.Skip(1).Select(r => new RunPlotLine(
                    r.Label, r.Colour,
                    [
                        .. compared.Select((m, i) => (
                            (double)i, r.Record.Find(m.Key) is { } other ? 100 * ((other.Value / m.Value) - 1) : double.NaN)),
                    ])),
            ])
        { Categories = [.. compared.Select(m => m.Name)] };
    }

    private static EquatableList<(double X, double Y)> Steps(double[] values)
    {
        Array.Sort(values);
        int[] kept = values.Length <= MostSteps
            ? [.. Enumerable.Range(0, values.Length)]
            : [.. Enumerable.Range(0, MostSteps + 1).Select(i => (int)((long)i * (values.Length - 1) / MostSteps))];
        return [(values[0], 0), .. kept.Select(i => (values[i], 100.0 * (i + 1) / values.Length))];
    }

    private static EquatableList<(double X, double Y)> Points(IReadOnlyList<double> values)
    {
        int stride = Math.Max(1, (values.Count + MostPoints - 1) / MostPoints);
        return
        [
            .. Enumerable.Range(0, values.Count).Where(i => i % stride == 0 && double.IsFinite(values[i]))
                .Select(i => ((double)(i + 1), values[i])),
        ];
    }

    // A series has no name for people; the mean that comes from it has one.
    private static string NameOf(string key, IReadOnlyList<ReportedRun> runs)
    {
        RunMetric? mean = runs.SelectMany(r => r.Record.Metrics)
            .FirstOrDefault(m => string.Equals(m.Series, key, StringComparison.Ordinal) && m.Statistic is Statistic.Mean);
        return mean is null
            ? key.Replace('_', ' ')
            : mean.Name.Split(',')[0].Replace(" mean", "", StringComparison.OrdinalIgnoreCase).Trim();
    }
}
