using System.Globalization;
using Inferometer.Reports.Documents;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Fitting;

namespace Inferometer.Reports.Fitting;

/// <summary>What a fit came to: errors by way of holding out, and how often the bands held.</summary>
public static class FitPage
{
    /// <summary>The page.</summary>
    /// <param name="serving">The fit to serving runs.</param>
    /// <param name="engine">The fit to rates of an engine by itself; null = there was none.</param>
    /// <param name="steps">The fit to steps of a network without an engine; null = there was none.</param>
    /// <param name="leftOut">Good rows that were not fitted.</param>
    /// <param name="written">Folder that the calibrations were written to; null = none.</param>
    public static Document Of(FitResult serving, FitResult? engine, FitResult? steps, int leftOut, string? written = null)
    {
        ArgumentNullException.ThrowIfNull(serving);
        Document page = new(
            new Facts(null,
            [
                new("Serving runs fitted", "runs", Cell.Number(serving.Runs, Numbers.Whole(serving.Runs))),
                new("Good rows left out", "left_out", Cell.Number(leftOut, Numbers.Whole(leftOut))),
                new("Rates fitted", "rates", Cell.Number(engine?.Runs ?? 0, Numbers.Whole(engine?.Runs ?? 0))),
                new("Steps fitted", "steps", Cell.Number(steps?.Runs ?? 0, Numbers.Whole(steps?.Runs ?? 0))),
            ]),
            ErrorsOf("errors", "Serving runs: errors, % of the measured value", serving));
        if (written is not null)
        {
            page.Blocks.Add(new Facts(null, [new("Written to", "written", written)]));
        }

        if (serving.Coverage.Count > 0)
        {
            page.Blocks.Add(CoverageOf(serving));
        }

        if (engine is not null)
        {
            page.Blocks.Add(ErrorsOf("rate_errors", $"Rates of {engine.Calibration.Name}: errors of step times, %", engine));
        }

        if (steps is not null)
        {
            page.Blocks.Add(ErrorsOf("step_errors", $"Steps of {steps.Calibration.Name}: errors of times, %", steps));
        }

        return page;
    }

    private static Table ErrorsOf(string key, string title, FitResult result)
    {
        Table table = new(
            key,
            title,
            Column.Text("held out", "held_out"),
            Column.Text("which", "part"),
            Column.Text("metric", "metric"),
            Column.Number("runs", "runs"),
            Column.Number("mean", "mape"),
            Column.Number("median", "median"),
            Column.Number("p90", "p90"),
            Column.Number("bias", "bias"));
        foreach (FitError error in result.Errors)
        {
            table.Add(
                error.HoldOut is { } way ? Words(way) : "nothing", error.Part ?? "all", Metric(error.Metric), error.Runs,
                Percent(error.MeanError), Percent(error.MedianError), Percent(error.HighError), Percent(error.Bias));
        }

        return table;
    }

    private static Table CoverageOf(FitResult result)
    {
        Table table = new(
            "coverage",
            "Held-out runs inside their bands, % (bands learned from the other half of the groups)",
            Column.Text("cases", "familiarity"),
            Column.Text("metric", "metric"),
            Column.Number("runs", "runs"),
            Column.Number("50 % band", "within_50"),
            Column.Number("90 % band", "within_90"));
        foreach (BandCoverage c in result.Coverage)
        {
            table.Add(
                c.Familiarity.ToString().ToLowerInvariant(), Metric(c.Metric), c.Runs, Percent(c.Within50), Percent(c.Within90));
        }

        return table;
    }

    private static Cell Percent(double share) => Cell.Number(
        Math.Round(share * 100, 2), (share * 100).ToString("0.0", CultureInfo.InvariantCulture));

    private static string Metric(CalibratedMetric metric) => metric switch
    {
        CalibratedMetric.TimePerOutputToken => "TPOT",
        CalibratedMetric.TimeToFirstToken => "TTFT",
        _ => "E2E",
    };

    private static string Words(HoldOut way) => way switch
    {
        HoldOut.RandomFifth => "random fifth",
        HoldOut.WholeGroups => "fifth of the groups",
        HoldOut.Model => "one model",
        HoldOut.Device => "one device",
        HoldOut.DeviceClass => "one class of devices",
        _ => "one framework",
    };
}
