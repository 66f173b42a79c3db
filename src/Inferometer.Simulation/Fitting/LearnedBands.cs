using Inferometer.Simulation.Calibration;

namespace Inferometer.Simulation.Fitting;

/// <summary>
/// Bands from held-out residuals: cases of fitted groups from random fifths, of known devices from whole groups, of known classes from
/// whole devices. Runs of a device err together, and of devices there are few: bands of classes reach so far that those of all devices but
/// one hold nine tenths of the runs of that one. Where not even the class is known nothing can be held out; its band is the class's, twice
/// as wide in logarithms.
/// </summary>
internal static class LearnedBands
{
    private const double DatasheetWidth = 2;
    private const double Tail = 0.05;
    private const double Held = 0.9;
    private const int TailSteps = 50;

    public static IEnumerable<CalibrationBand> Of(IReadOnlyDictionary<HoldOut, CrossPrediction[]> held)
    {
        foreach (CalibratedMetric metric in Enum.GetValues<CalibratedMetric>())
        {
            foreach ((Familiarity familiarity, HoldOut way) in Ways)
            {
                if (held.TryGetValue(way, out CrossPrediction[]? predictions) && Band(familiarity, metric, predictions) is { } band)
                {
                    yield return band;
                    if (familiarity == Familiarity.Class)
                    {
                        yield return Wider(band);
                    }
                }
            }
        }
    }

    /// <summary>Bands of one half of the groups tried on the other half, and the other way round.</summary>
    public static IEnumerable<BandCoverage> Coverage(IReadOnlyDictionary<HoldOut, CrossPrediction[]> held)
    {
        foreach (CalibratedMetric metric in Enum.GetValues<CalibratedMetric>())
        {
            foreach ((Familiarity familiarity, HoldOut way) in Ways)
            {
                if (!held.TryGetValue(way, out CrossPrediction[]? predictions))
                {
                    continue;
                }

                string[] groups =
                    [.. predictions.Select(p => p.Case.Group).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
                ILookup<bool, CrossPrediction> halves =
                    predictions.ToLookup(p => Array.BinarySearch(groups, p.Case.Group, StringComparer.Ordinal) % 2 == 0);
                int runs = 0, within50 = 0, within90 = 0;
                foreach (bool half in (bool[])[true, false])
                {
                    if (Band(familiarity, metric, [.. halves[!half]]) is not { } band)
                    {
                        continue;
                    }

                    foreach (double ratio in Ratios(metric, halves[half]))
                    {
                        runs++;
                        within50 += ratio >= band.Low50 && ratio <= band.High50 ? 1 : 0;
                        within90 += ratio >= band.Low90 && ratio <= band.High90 ? 1 : 0;
                    }
                }

                if (runs > 0)
                {
                    yield return new BandCoverage(familiarity, metric, runs, (double)within50 / runs, (double)within90 / runs);
                }
            }
        }
    }

    private static (Familiarity Familiarity, HoldOut Way)[] Ways =>
    [
        (Familiarity.Fitted, HoldOut.RandomFifth), (Familiarity.Related, HoldOut.WholeGroups), (Familiarity.Class, HoldOut.Device),
    ];

    private static IEnumerable<double> Ratios(CalibratedMetric metric, IEnumerable<CrossPrediction> predictions) =>
        predictions.Select(p => p.Of(metric)).Where(v => v is not null).Select(v => v!.Value.Measured / v.Value.Predicted);

    private static CalibrationBand? Band(Familiarity familiarity, CalibratedMetric metric, IReadOnlyList<CrossPrediction> predictions) =>
        Band(
            familiarity, metric, [.. Ratios(metric, predictions).Order()],
            familiarity == Familiarity.Class ? TailAcrossDevices(metric, predictions) : Tail);

    // The greatest share of runs outside at either end with which the band of the other devices holds nine tenths of each device's runs,
    // all taken together.
    private static double TailAcrossDevices(CalibratedMetric metric, IReadOnlyList<CrossPrediction> predictions)
    {
        ILookup<string, CrossPrediction> devices = predictions.ToLookup(p => p.Part, StringComparer.Ordinal);
        (double[] Own, double[] Others)[] parts =
        [
            .. devices.Select(d => (
                Ratios(metric, d).ToArray(),
                Ratios(metric, predictions.Where(p => !string.Equals(p.Part, d.Key, StringComparison.Ordinal))).Order().ToArray()))
                .Where(p => p.Item2.Length >= 10),
        ];
        int runs = parts.Sum(p => p.Own.Length);
        for (int step = TailSteps; step > 1; step--)
        {
            double tail = Tail * step / TailSteps;
            int within = parts.Sum(p =>
            {
                double low = FitErrors.Quantile(p.Others, tail), high = FitErrors.Quantile(p.Others, 1 - tail);
                return p.Own.Count(r => r >= low && r <= high);
            });
            if (within >= Held * runs)
            {
                return tail;
            }
        }

        return Tail / TailSteps;
    }

    /// <summary>The band of sorted ratios of measured over predicted; null where they are too few.</summary>
    /// <param name="familiarity">How well the cases are known.</param>
    /// <param name="metric">What was measured.</param>
    /// <param name="ratios">The ratios.</param>
    /// <param name="tail">Share of them beyond either end of the band that nine tenths are expected in.</param>
    public static CalibrationBand? Band(Familiarity familiarity, CalibratedMetric metric, double[] ratios, double tail = Tail) =>
        ratios.Length < 10 ? null : new CalibrationBand(
            familiarity, metric, ratios.Length,
            Math.Min(1, FitErrors.Quantile(ratios, tail)),
            Math.Min(1, FitErrors.Quantile(ratios, 0.25)),
            Math.Max(1, FitErrors.Quantile(ratios, 0.75)),
            Math.Max(1, FitErrors.Quantile(ratios, 1 - tail)));

    private static CalibrationBand Wider(in CalibrationBand band) => new(
        Familiarity.Datasheet, band.Metric, 0, Math.Pow(band.Low90, DatasheetWidth), Math.Pow(band.Low50, DatasheetWidth),
        Math.Pow(band.High50, DatasheetWidth), Math.Pow(band.High90, DatasheetWidth));
}
