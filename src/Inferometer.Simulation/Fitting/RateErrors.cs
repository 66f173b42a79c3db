using Inferometer.Simulation.Calibration;

namespace Inferometer.Simulation.Fitting;

/// <summary>Errors and bands of rates: generation counts as time per output token, prompts as time to first token.</summary>
internal static class RateErrors
{
    public static string Words(HoldOut way) => way switch
    {
        HoldOut.RandomFifth => "a random fifth held out",
        HoldOut.Device => "one device held out",
        _ => "one class of devices held out",
    };

    public static IEnumerable<FitError> Of(HoldOut? way, IReadOnlyList<RatePrediction> predictions)
    {
        foreach (CalibratedMetric metric in (CalibratedMetric[])[CalibratedMetric.TimePerOutputToken, CalibratedMetric.TimeToFirstToken])
        {
            if (One(way, null, metric, predictions) is { } all)
            {
                yield return all;
            }

            bool named = way is HoldOut.Device or HoldOut.DeviceClass;
            foreach (IGrouping<string, RatePrediction> part in named ? predictions.GroupBy(p => p.Part, StringComparer.Ordinal) : [])
            {
                if (One(way, part.Key, metric, [.. part]) is { } error)
                {
                    yield return error;
                }
            }
        }
    }

    public static IEnumerable<CalibrationBand> Bands(string framework, IReadOnlyDictionary<HoldOut, RatePrediction[]> held)
    {
        (Familiarity, HoldOut)[] ways =
        [
            (Familiarity.Related, HoldOut.RandomFifth), (Familiarity.Class, HoldOut.Device), (Familiarity.Datasheet, HoldOut.DeviceClass),
        ];
        foreach (CalibratedMetric metric in Enum.GetValues<CalibratedMetric>())
        {
            foreach ((Familiarity familiarity, HoldOut way) in ways)
            {
                if (held.TryGetValue(way, out RatePrediction[]? predictions)
                    && LearnedBands.Band(familiarity, metric, [.. Ratios(metric, predictions).Order()]) is { } band)
                {
                    yield return band with { Framework = framework };
                }
            }
        }
    }

    // A whole request is generation for the most part, but prompts err more: both together.
    private static IEnumerable<double> Ratios(CalibratedMetric metric, IEnumerable<RatePrediction> predictions) => predictions
        .Where(p => metric switch
        {
            CalibratedMetric.TimePerOutputToken => !p.Case.Run.IsPrompt,
            CalibratedMetric.TimeToFirstToken => p.Case.Run.IsPrompt,
            _ => true,
        })
        .Select(p => p.Case.Run.StepSeconds / p.StepSeconds);

    private static FitError? One(HoldOut? way, string? part, CalibratedMetric metric, IReadOnlyList<RatePrediction> predictions)
    {
        double[] signed = [.. Ratios(metric, predictions).Select(r => (1 / r) - 1)];
        if (signed.Length == 0)
        {
            return null;
        }

        double[] sorted = [.. signed.Select(Math.Abs).Order()];
        return new FitError(
            way, part, metric, signed.Length, sorted.Average(), FitErrors.Quantile(sorted, 0.5), FitErrors.Quantile(sorted, 0.9),
            signed.Average());
    }
}
