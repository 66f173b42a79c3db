using System.Globalization;
using Inferometer.Reports.Documents;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Fitting;

namespace Inferometer.Reports.Fitting;

/// <summary>What a calibration by operators changed: errors by kind of work on each device, and the coefficients.</summary>
public static class OperatorCalibrationPage
{
    /// <summary>The page.</summary>
    /// <param name="fit">The calibration.</param>
    /// <param name="below">The calibration that it corrects.</param>
    /// <param name="leftOut">Why rows were not used, with how many there were and the first of them.</param>
    /// <param name="written">File that the calibration was written to; null = none.</param>
    public static Document Of(OperatorFit fit, CalibrationSet below, IReadOnlyList<string> leftOut, string? written = null)
    {
        ArgumentNullException.ThrowIfNull(fit);
        ArgumentNullException.ThrowIfNull(below);
        ArgumentNullException.ThrowIfNull(leftOut);
        Document page = new();
        page.Blocks.Add(Errors(fit));
        foreach (CalibrationLayer layer in fit.Calibration.Layers.Where(l => l is { Format: null, Shape: null }))
        {
            page.Blocks.Add(Values(fit, below, layer));
        }

        int idle = fit.Operators.Count(o => !o.IsFitted);
        List<string> said = [.. leftOut];
        if (idle > 0)
        {
            said.Add(FormattableString.Invariant($"{idle:N0} rows of attention are compared, not fitted: ")
                + "with caches like theirs for all layers the model does not fit into the device's memory");
        }

        if (said.Count > 0)
        {
            page.Blocks.Add(new Sentences("left_out", "Rows left out", said));
        }

        if (written is not null)
        {
            page.Blocks.Add(new Facts(null, [new("Written to", "written", written)]));
        }

        return page;
    }

    private static Table Errors(OperatorFit fit)
    {
        Table table = new(
            "operators", "Operators: errors without and with this calibration, % of the measured time",
            Column.Text("device", "device") with { IsRowName = true }, Column.Text("framework", "framework"),
            Column.Text("operators", "kind"), Column.Number("rows", "rows"), Column.Number("mean", "mean_before"),
            Column.Number("median", "median_before"), Column.Number("signed", "signed_before"), Column.Number("with: mean", "mean_after"),
            Column.Number("median", "median_after"), Column.Number("signed", "signed_after"));
        foreach (var kind in fit.Operators
            .Select(o => (Operator: o, Subject: CalibrationSubject.Of(o.Timing.Request)))
            .GroupBy(x => (x.Subject.Device, x.Subject.Framework.Name, x.Operator.Timing.Kind)))
        {
            double[] before = [.. kind.Select(x => (x.Operator.BeforeSeconds / x.Operator.Timing.Seconds) - 1)];
            double[] after = [.. kind.Select(x => (x.Operator.AfterSeconds / x.Operator.Timing.Seconds) - 1)];
            table.Add(
                kind.Key.Device, kind.Key.Name, kind.Key.Kind, before.Length, Percent(before.Average(Math.Abs)),
                Percent(Median(before.Select(Math.Abs))), Signed(Median(before)), Percent(after.Average(Math.Abs)),
                Percent(Median(after.Select(Math.Abs))), Signed(Median(after)));
        }

        return table;
    }

    private static Table Values(OperatorFit fit, CalibrationSet below, CalibrationLayer layer)
    {
        CalibrationSubject subject = fit.Operators.Select(o => CalibrationSubject.Of(o.Timing.Request)).First(
            s => string.Equals(s.Device, layer.Device, StringComparison.Ordinal)
                && string.Equals(s.Framework.Name, layer.Framework, StringComparison.Ordinal));
        Coefficients before = below.CoefficientsOf(subject), after = before.Times(layer.Factors);
        Table table = new(
            "coefficients", $"Coefficients of {layer.Device} with {layer.Framework}",
            Column.Text("coefficient", "name") with { IsRowName = true },
            Column.Text("unit", "unit"), Column.Number("without", "before"), Column.Number("with", "after"));
        foreach (CoefficientFactor factor in layer.Factors)
        {
            CoefficientInfo info = CoefficientTable.Of(factor.Coefficient);
            table.Add(info.Name, info.Unit, Value(before[factor.Coefficient]), Value(after[factor.Coefficient]));
        }

        return table;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1
            ? sorted[sorted.Length / 2]
            : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private static Cell Percent(double error) => Cell.Number(error, (100 * error).ToString("0.0", CultureInfo.InvariantCulture));

    private static Cell Signed(double error) => Cell.Number(error, (100 * error).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture));

    private static Cell Value(double value) => Cell.Number(value, value.ToString("G3", CultureInfo.InvariantCulture));
}
