using System.Globalization;
using Inferometer.Measurement.Local;
using Inferometer.Reports.Documents;
using Inferometer.Serving;
using Inferometer.Simulation.Fitting;

namespace Inferometer.Reports.Fitting;

/// <summary>What was measured of this machine, and how predictions of the engine fare on workloads they have not seen.</summary>
public static class LocalCalibrationPage
{
    private const int MostStretches = 5;

    /// <summary>The page.</summary>
    /// <param name="result">What was measured.</param>
    /// <param name="catalog">Folder it was written to; null = none.</param>
    /// <param name="written">The files.</param>
    public static Document Of(LocalCalibrationResult result, string? catalog, IReadOnlyList<string> written)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(written);
        Document page = new(Machine(result), Pace(result.Pace), Checks(result), Steps(result))
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
        new("Handing over tokens", "hand_over_us", Cell.Number(
            result.HandOverSeconds * 1e6, $"{Numbers.Short(result.HandOverSeconds * 1e6)} us")),
        .. result.Machine.System.Device.Cache is { } cache
            ? new Fact[]
            {
                new("From its cache", "cache_gb_per_s", Cell.Number(
                    cache.Bandwidth / 1e9, $"{Numbers.Short(cache.Bandwidth / 1e9)} GB/s, of {Numbers.Short(cache.Bytes / 1e6)} MB half")),
            }
            : [],
        new("Took", "seconds", Cell.Number(result.Seconds, $"{Numbers.Short(result.Seconds)} s")),
    ]);

    private static Sentences Pace(PaceReport pace) => new(
        "pace", pace.IsSteady ? "How steady the machine was" : "The machine was not steady",
        [
            pace.Summary,
            .. pace.Stretches.Where(s => s.IsSlow).OrderByDescending(s => s.Slowness).Take(MostStretches).Select(s =>
                $"{s.Title}: {Slower(s)} slower in the quickest of {s.Attempts} attempts{(s.IsLeftOut ? ", left out" : "")}."),
            .. pace.IsSteady
                ? []
                : new[]
                {
                    "Predictions are off by about as much where the machine is quick. Stop what else runs on it, or wait where other "
                        + "guests of its host take their share, and calibrate again.",
                },
        ]);

    private static string Slower(PacedStretch stretch) => (100 * stretch.Slowness).ToString("0", CultureInfo.InvariantCulture) + " %";

    private static Table Steps(LocalCalibrationResult result)
    {
        Table table = new(
            "steps", "Steps that it was fitted to, mean ms, and predicted without and with this calibration",
            Column.Text("model", "model") with { IsRowName = true }, Column.Number("steps", "steps"), Column.Number("measured", "step_ms"),
            Column.Number("without", "step_before_ms"), Column.Number("with", "step_after_ms"),
            Column.Number("error", "relative_error_after"), Column.Number("each", "median_relative_error_after"));
        foreach (IGrouping<string, CalibratedStep> kind in result.Steps.GroupBy(s => s.Step.Id, StringComparer.Ordinal))
        {
            double measured = kind.Average(s => s.Step.Seconds), after = kind.Average(s => s.AfterSeconds);
            double each = MetricSummary.Of([.. kind.Select(s => Math.Abs((s.AfterSeconds / s.Step.Seconds) - 1))])!.P50;
            table.Add(
                kind.Key, kind.Count(), Cell.Number(measured * 1000), Cell.Number(kind.Average(s => s.BeforeSeconds) * 1000),
                Cell.Number(after * 1000), Signed((after / measured) - 1),
                Cell.Number(each, (100 * each).ToString("0", CultureInfo.InvariantCulture) + " %"));
        }

        return table;
    }

    private static Cell Signed(double error) =>
        Cell.Number(error, (100 * error).ToString("+0;-0;0", CultureInfo.InvariantCulture) + " %");

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
                Signed(check.Error));
        }

        return table;
    }
}
