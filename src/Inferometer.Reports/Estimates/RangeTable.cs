using Inferometer.Reports.Documents;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Estimates;

/// <summary>Where measurements may lie beside the times of an estimate, for cost models that know how far they err.</summary>
internal static class RangeTable
{
    /// <summary>The table; null where the cost model does not know.</summary>
    public static Table? Of(SimulationResult result)
    {
        if (result.Basis is not { } basis)
        {
            return null;
        }

        Table table = new(
            "ranges",
            "Where measurements may lie, ms",
            Column.Text("time", "metric"),
            Column.Number("1 in 20 below", "p05"),
            Column.Number("1 in 4 below", "p25"),
            Column.Number("estimate", "estimate"),
            Column.Number("1 in 4 above", "p75"),
            Column.Number("1 in 20 above", "p95"));
        Add(table, "to first token", result.Metrics.TtftMs, basis.TimeToFirstToken);
        Add(table, "per output token", result.Metrics.TpotMs, basis.TimePerOutputToken);
        Add(table, "end to end", result.Metrics.E2eMs, basis.EndToEnd);
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
