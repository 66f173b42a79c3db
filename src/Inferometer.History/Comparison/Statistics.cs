using Inferometer.History.Records;

namespace Inferometer.History.Comparison;

/// <summary>Statistics of values that each stand several times, or not at all.</summary>
internal static class Statistics
{
    /// <summary>A statistic.</summary>
    /// <param name="statistic">Which.</param>
    /// <param name="sorted">The values, ascending.</param>
    /// <param name="counts">How often each stands; their sum is the count of values.</param>
    public static double Of(Statistic statistic, double[] sorted, int[] counts) => statistic switch
    {
        Statistic.Mean => Mean(sorted, counts),
        Statistic.StandardDeviation => Deviation(sorted, counts),
        Statistic.Median => Percentile(sorted, counts, 50),
        Statistic.P90 => Percentile(sorted, counts, 90),
        Statistic.P95 => Percentile(sorted, counts, 95),
        Statistic.P99 => Percentile(sorted, counts, 99),
        _ => throw new ArgumentOutOfRangeException(nameof(statistic), statistic, "there is no such statistic of a series"),
    };

    /// <summary>A statistic of values in any order.</summary>
    public static double Of(Statistic statistic, double[] values)
    {
        double[] sorted = [.. values.Order()];
        int[] once = new int[sorted.Length];
        Array.Fill(once, 1);
        return Of(statistic, sorted, once);
    }

    private static double Mean(double[] sorted, int[] counts)
    {
        double sum = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            sum += sorted[i] * counts[i];
        }

        return sum / sorted.Length;
    }

    private static double Deviation(double[] sorted, int[] counts)
    {
        double mean = Mean(sorted, counts), sum = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            sum += (sorted[i] - mean) * (sorted[i] - mean) * counts[i];
        }

        return Math.Sqrt(sum / sorted.Length);
    }

    // As Serving.Percentile has it: a straight line between the two nearest ranks.
    private static double Percentile(double[] sorted, int[] counts, double percent)
    {
        double position = percent / 100 * (sorted.Length - 1);
        int below = (int)position, before = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            before += counts[i];
            if (before > below)
            {
                double next = sorted[i];
                for (int j = i + 1; before == below + 1 && j < sorted.Length; j++)
                {
                    if (counts[j] > 0)
                    {
                        next = sorted[j];
                        break;
                    }
                }

                return sorted[i] + ((position - below) * (next - sorted[i]));
            }
        }

        return sorted[^1];
    }
}
