using Inferometer.Reports.Documents;
using Inferometer.Reports.Metrics;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Estimates;

/// <summary>What came of an estimate, as columns: the metrics, and why there are none.</summary>
internal static class MetricMeasures
{
    public static IReadOnlyList<Measure> All { get; } =
    [
        .. EstimateMetrics.All.Where(m => m.IsColumn).Select(m => new Measure(m.Column, e => CellOf(m, e))),
        new(
            Column.Text("warnings", "warnings") with { Audience = Audience.Machines },
            e => e.Result is { Warnings.Count: > 0 } result ? string.Join(' ', result.Warnings) : Cell.None),
        new(
            Column.Text("error", "error") with { Audience = Audience.Machines },
            e => new Cell(Overflow.ReasonOf(e) ?? "", Overflow.ReasonOf(e))),
    ];

    // What does not fit has no result, but people want to see by how much.
    private static Cell CellOf(Metric<SimulationResult> metric, Estimate estimate) =>
        estimate.Overflow is { } memory && ReferenceEquals(metric, EstimateMetrics.Memory)
            ? new Cell($"{Numbers.Short(memory.TotalBytes / 1e9)}/{Numbers.Short(memory.CapacityBytes / 1e9)}", null)
            : metric.CellOf(estimate.Result);
}
