using Inferometer.Reports.Documents;
using Inferometer.Reports.Metrics;

namespace Inferometer.Reports.Estimates;

/// <summary>What came of an estimate, as columns: the metrics, and why there are none.</summary>
internal static class MetricMeasures
{
    public static IReadOnlyList<Measure> All { get; } =
    [
        .. EstimateMetrics.All.Where(m => m.IsColumn).Select(m => new Measure(m.Column, e => m.CellOf(e.Result))),
        new(
            Column.Text("error", "error") with { Audience = Audience.Machines },
            e => new Cell(Overflow.ReasonOf(e) ?? "", Overflow.ReasonOf(e))),
    ];
}
