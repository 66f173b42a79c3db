using Inferometer.History.Records;

namespace Inferometer.History.Comparison;

/// <summary>
/// Resamples a series (Efron, 1979): as many values drawn from it with replacement, a thousand times over, from a fixed seed. How far the
/// statistic of a resample lies from that of the series is widened by sqrt(n / (n - 1)) x t(n - 1) / z, which makes intervals of few values
/// as wide as Student's (Hesterberg, 2014, "expanded percentile"). Of values that are all above 0 it is the ratio that is widened, so that
/// no time and no rate may lie below 0. Values are taken as independent of each other.
/// </summary>
internal static class Bootstrap
{
    /// <summary>Resamples.</summary>
    public const int Times = 1000;

    private const ulong Seed = 20_260_101;

    /// <summary>Resamples a series.</summary>
    /// <param name="values">At least two values.</param>
    /// <param name="statistics">What is wanted of each resample.</param>
    /// <param name="stream">Tells the draws of two series of one comparison apart.</param>
    public static Resamples Of(double[] values, IReadOnlyList<Statistic> statistics, ulong stream)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        int[] counts = new int[sorted.Length];
        Array.Fill(counts, 1);
        double[] whole = [.. statistics.Select(s => Statistics.Of(s, sorted, counts))];
        Dictionary<Statistic, double[]> resampled = statistics.ToDictionary(s => s, _ => new double[Times]);
        SplitMix64 random = new(Seed + (stream << 32));
        double wider = Math.Sqrt(sorted.Length / (sorted.Length - 1.0)) * Normal.Student975(sorted.Length - 1) / Normal.Z975;
        for (int time = 0; time < Times; time++)
        {
            Array.Clear(counts);
            for (int i = 0; i < sorted.Length; i++)
            {
                counts[random.Below(sorted.Length)]++;
            }

            for (int s = 0; s < whole.Length; s++)
            {
                double drawn = Statistics.Of(statistics[s], sorted, counts);
                resampled[statistics[s]][time] = sorted[0] > 0 && whole[s] > 0
                    ? whole[s] * Math.Pow(drawn / whole[s], wider)
                    : whole[s] + (wider * (drawn - whole[s]));
            }
        }

        return new Resamples(sorted.Length, resampled);
    }
}
