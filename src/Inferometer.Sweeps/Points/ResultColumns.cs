using System.Globalization;
using Inferometer.Core;
using Inferometer.Reports.Metrics;
using Inferometer.Simulation.Results;
using Inferometer.Simulation.Serving;
using Inferometer.Sweeps.Rows;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Points;

/// <summary>
/// The columns of a sweep's results: the point's number, the values of its axes, what became of it, and the metrics, which are those of the
/// commands that estimate and simulate.
/// </summary>
internal sealed class ResultColumns
{
    public ResultColumns(SweepSpace space)
    {
        Axes = [.. space.Axes];
        HashSet<string> taken = new(Axes.Select(a => a.Setting.Key), StringComparer.Ordinal) { "point", "status", "reason" };
        if (space.IsSimulated)
        {
            ServiceMetrics = Chosen(Reports.Metrics.ServiceMetrics.All, space, taken);
        }
        else
        {
            EstimateMetrics = Chosen(Reports.Metrics.EstimateMetrics.All, space, taken);
        }

        IEnumerable<string> metrics = space.IsSimulated ? ServiceMetrics.Select(m => m.Key) : EstimateMetrics.Select(m => m.Key);
        All =
        [
            new("point", ColumnKind.Whole),
            .. Axes.Select(a => new ResultColumn(a.Setting.Key, KindOf(a))),
            new("status", ColumnKind.Text),
            new("reason", ColumnKind.Text),
            .. metrics.Select(key => new ResultColumn(key, ColumnKind.Number)),
        ];
    }

    public IReadOnlyList<ResultColumn> All { get; }

    public IReadOnlyList<Axis> Axes { get; }

    public IReadOnlyList<Metric<SimulationResult>> EstimateMetrics { get; } = [];

    public IReadOnlyList<Metric<ServiceResult>> ServiceMetrics { get; } = [];

    /// <summary>Some metric is found by search.</summary>
    public bool NeedsLimits => EstimateMetrics.Any(m => m.IsSearched);

    public int Status => Axes.Count + 1;

    public int Reason => Axes.Count + 2;

    public int FirstMetric => Axes.Count + 3;

    private static ColumnKind KindOf(Axis axis) =>
        axis.Values.All(v => long.TryParse(v, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)) ? ColumnKind.Whole
        : axis.Values.All(v => double.TryParse(v, NumberStyles.Float, CultureInfo.InvariantCulture, out double x) && double.IsFinite(x))
            ? ColumnKind.Number
            : ColumnKind.Text;

    // What an axis says already has no second column of the same name.
    private static List<Metric<T>> Chosen<T>(IReadOnlyList<Metric<T>> known, SweepSpace space, HashSet<string> taken)
    {
        if (space.Metrics.Count == 0)
        {
            return [.. known.Where(m => !m.IsSearched && !taken.Contains(m.Key))];
        }

        List<Metric<T>> chosen = [];
        foreach (string name in space.Metrics)
        {
            if (name is "all")
            {
                chosen.AddRange(known.Except(chosen));
                continue;
            }

            Metric<T> metric = known.FirstOrDefault(m => string.Equals(m.Key, name, StringComparison.OrdinalIgnoreCase))
                ?? throw new InferometerException(
                    $"{space.Origin}: columns: '{name}' is not a metric of {(space.IsSimulated ? "a service" : "an estimate")}."
                    + $"{NameSuggestion.For(name, known.Select(m => m.Key))} "
                    + $"Allowed: all, {NameSuggestion.List(name, [.. known.Select(m => m.Key)])} (docs/metrics.md).");
            if (!chosen.Contains(metric))
            {
                chosen.Add(metric);
            }
        }

        return [.. chosen.Where(m => !taken.Contains(m.Key))];
    }
}
