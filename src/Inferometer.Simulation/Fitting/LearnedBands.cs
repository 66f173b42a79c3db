using Inferometer.Simulation.Calibration;

namespace Inferometer.Simulation.Fitting;

/// <summary>
/// Bands from held-out residuals: cases of fitted groups from random fifths, of known devices from whole groups, of known classes from
/// whole devices. Where not even the class is known nothing can be held out; its band is the class's, twice as wide in logarithms.
/// </summary>
internal static class LearnedBands
{
    private const double DatasheetWidth = 2;

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
        Band(familiarity, metric, [.. Ratios(metric, predictions).Order()]);

    /// <summary>The band of sorted ratios of measured over predicted; null where they are too few.</summary>
    public static CalibrationBand? Band(Familiarity familiarity, CalibratedMetric metric, double[] ratios) =>
        ratios.Length < 10 ? null : new CalibrationBand(
            familiarity, metric, ratios.Length,
            Math.Min(1, FitErrors.Quantile(ratios, 0.05)),
            Math.Min(1, FitErrors.Quantile(ratios, 0.25)),
            Math.Max(1, FitErrors.Quantile(ratios, 0.75)),
            Math.Max(1, FitErrors.Quantile(ratios, 0.95)));

    private static CalibrationBand Wider(in CalibrationBand band) => new(
        Familiarity.Datasheet, band.Metric, 0, Math.Pow(band.Low90, DatasheetWidth), Math.Pow(band.Low50, DatasheetWidth),
        Math.Pow(band.High50, DatasheetWidth), Math.Pow(band.High90, DatasheetWidth));
}
