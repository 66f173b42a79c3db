using Inferometer.Reports.Documents;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Estimates;

/// <summary>Where measurements may lie beside the times of an estimate, for cost models that know how far they err.</summary>
internal static class RangeTable
{
    /// <summary>The table; null where the cost model does not know.</summary>
    public static Table? Of(SimulationResult result) => result.Basis is { } basis
        ? Of(basis, "Where measurements may lie, ms", result.Metrics.TtftMs, result.Metrics.TpotMs, result.Metrics.E2eMs)
        : null;

    /// <summary>The table of some times.</summary>
    /// <param name="basis">What the cost model knows of such cases.</param>
    /// <param name="title">Its title.</param>
    /// <param name="ttftMs">Time to first token; null = none.</param>
    /// <param name="tpotMs">Time per output token; null = none.</param>
    /// <param name="endToEndMs">Time of a whole request; null = none.</param>
    public static Table? Of(EstimateBasis basis, string title, double? ttftMs, double? tpotMs, double? endToEndMs)
    {
        Table table = new(
            "ranges",
            title,
            Column.Text("time", "metric"),
            Column.Number("1 in 20 below", "p05"),
            Column.Number("1 in 4 below", "p25"),
            Column.Number("estimate", "estimate"),
            Column.Number("1 in 4 above", "p75"),
            Column.Number("1 in 20 above", "p95"));
        Add(table, "to first token", ttftMs, basis.TimeToFirstToken);
        Add(table, "per output token", tpotMs, basis.TimePerOutputToken);
        Add(table, "end to end", endToEndMs, basis.EndToEnd);
        return table.Rows.Count > 0 ? table : null;
    }

    private static void Add(Table table, string name, double? milliseconds, in CalibrationBand band)
    {
        if (milliseconds is { } at)
        {
            Interval half = EstimateBasis.Half(band, at), wide = EstimateBasis.NineTenths(band, at);
            table.Add(
                name, Cell.Number(wide.Low), Cell.Number(half.Low), Cell.Number(at) with { Tone = Tone.Strong }, Cell.Number(half.High),
                Cell.Number(wide.High));
        }
    }
}
