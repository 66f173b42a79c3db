using Inferometer.Simulation.Calibration;

namespace Inferometer.Simulation.Fitting;

/// <summary>Errors of predictions, all together and by what was held out.</summary>
internal static class FitErrors
{
    public static string Words(HoldOut way) => way switch
    {
        HoldOut.RandomFifth => "a random fifth held out",
        HoldOut.WholeGroups => "a fifth of the groups held out",
        HoldOut.Model => "one model held out",
        HoldOut.Device => "one device held out",
        _ => "one framework held out",
    };

    public static IEnumerable<FitError> Of(HoldOut? way, IReadOnlyList<CrossPrediction> predictions)
    {
        foreach (CalibratedMetric metric in Enum.GetValues<CalibratedMetric>())
        {
            if (One(way, null, metric, predictions) is { } all)
            {
                yield return all;
            }

            bool named = way is HoldOut.Model or HoldOut.Device or HoldOut.Framework;
            foreach (IGrouping<string, CrossPrediction> part in named ? predictions.GroupBy(p => p.Part, StringComparer.Ordinal) : [])
            {
                if (One(way, part.Key, metric, [.. part]) is { } error)
                {
                    yield return error;
                }
            }
        }
    }

    /// <summary>A quantile of sorted values, between neighbours in proportion.</summary>
    public static double Quantile(double[] sorted, double share)
    {
        double at = share * (sorted.Length - 1);
        int low = (int)at;
        int high = Math.Min(low + 1, sorted.Length - 1);
        return sorted[low] + ((at - low) * (sorted[high] - sorted[low]));
    }

    private static FitError? One(HoldOut? way, string? part, CalibratedMetric metric, IReadOnlyList<CrossPrediction> predictions)
    {
        double[] signed =
            [.. predictions.Select(p => p.Of(metric)).Where(v => v is not null).Select(v => (v!.Value.Predicted / v.Value.Measured) - 1)];
        if (signed.Length == 0)
        {
            return null;
        }

        double[] sorted = [.. signed.Select(Math.Abs).Order()];
        return new FitError(
            way, part, metric, signed.Length, sorted.Average(), Quantile(sorted, 0.5), Quantile(sorted, 0.9), signed.Average());
    }
}
