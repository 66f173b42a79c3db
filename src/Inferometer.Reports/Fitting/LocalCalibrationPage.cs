using System.Globalization;
using Inferometer.Measurement.Local;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Fitting;

/// <summary>What was measured of this machine, and how predictions of the engine fare on workloads they have not seen.</summary>
public static class LocalCalibrationPage
{
    /// <summary>The page.</summary>
    /// <param name="result">What was measured.</param>
    /// <param name="catalog">Folder it was written to; null = none.</param>
    /// <param name="written">The files.</param>
    public static Document Of(LocalCalibrationResult result, string? catalog, IReadOnlyList<string> written)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(written);
        Document page = new(Machine(result), Checks(result), CalibrationPage.RatesOf(result.Rates))
        {
            Title = $"The engine on {result.Machine.System.Name}, {result.Limits.Threads} threads",
        };
        if (catalog is null)
        {
            page.Blocks.Add(new Sentences("written", "Written", ["Nothing: --catalog FOLDER keeps it for estimate and simulate."]));
        }
        else
        {
            page.Blocks.Add(new Sentences("written", "Written", written));
            page.Blocks.Add(new Sentences(
                "use", "To use it",
                [
                    $"inferometer estimate MODEL --on {result.Machine.System.Name} --framework {LocalCalibration.Framework} "
                        + $"--catalog {catalog}",
                ]));
        }

        return page;
    }

    private static Facts Machine(LocalCalibrationResult result) => new(null,
    [
        new("Memory read", "read_gb_per_s", Cell.Number(result.Limits.ReadGBps, $"{Numbers.Short(result.Limits.ReadGBps)} GB/s")),
        new("Arithmetic", "float_gops", Cell.Number(
            result.Limits.FloatGops,
            $"{Numbers.Short(result.Limits.FloatGops)} GFLOP/s in 32 bits, "
                + $"{Numbers.Short(result.Limits.Int8Gops)} Gop/s in 8-bit integers")),
        new("Handing out work", "dispatch_us", Cell.Number(
            result.DispatchSeconds * 1e6, $"{Numbers.Short(result.DispatchSeconds * 1e6)} us")),
        new("Took", "seconds", Cell.Number(result.Seconds, $"{Numbers.Short(result.Seconds)} s")),
    ]);

    private static Table Checks(LocalCalibrationResult result)
    {
        Table table = new(
            "checks", "Workloads that it has not seen: predicted, then run on the engine",
            Column.Text("model", "model") with { IsRowName = true }, Column.Number("users", "users"), Column.Number("in", "input_tokens"),
            Column.Number("out", "output_tokens"), Column.Number("predicted ms", "predicted_ms"),
            Column.Number("measured ms", "measured_ms"), Column.Number("error", "relative_error"));
        foreach (LocalCheck check in result.Checks)
        {
            table.Add(
                check.Name, check.Users, check.InputTokens, check.OutputTokens, Cell.Number(check.PredictedSeconds * 1000),
                Cell.Number(check.MeasuredSeconds * 1000),
                Cell.Number(check.Error, (100 * check.Error).ToString("+0;-0;0", CultureInfo.InvariantCulture) + " %"));
        }

        return table;
    }
}
