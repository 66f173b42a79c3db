using System.Globalization;
using Inferometer.History.Records;

namespace Inferometer.History.Comparison;

/// <summary>
/// Two runs, figure by figure. Intervals are those of the bootstrap (<see cref="Bootstrap"/>), or of the normal distribution where a run
/// knows only the standard error of a figure; a difference is there when 0 lies outside.
/// </summary>
/// <param name="A">The first run.</param>
/// <param name="B">The second run.</param>
/// <param name="Differences">The figures that both have, in the order of the second.</param>
/// <param name="Warnings">What makes them less comparable, one sentence each.</param>
public sealed record RunComparison(
    RunRecord A, RunRecord B, IReadOnlyList<MetricDifference> Differences, IReadOnlyList<string> Warnings)
{
    /// <summary>Compares two runs.</summary>
    /// <param name="a">The first, with its series.</param>
    /// <param name="b">The second, with its series.</param>
    public static RunComparison Of(RunRecord a, RunRecord b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        Dictionary<string, Resamples> first = Resample(a, 1), second = Resample(b, 2);
        List<MetricDifference> differences = [];
        foreach (RunMetric metric in b.Metrics)
        {
            if (a.Find(metric.Key) is { } before && string.Equals(before.Unit, metric.Unit, StringComparison.Ordinal))
            {
                (Interval? interval, Interval? relative) = IntervalsOf(
                    before, metric, Spread.Of(before, first, 1), Spread.Of(metric, second, 2));
                differences.Add(new MetricDifference
                {
                    A = before,
                    B = metric,
                    Interval = interval,
                    RelativeInterval = relative,
                    ValuesA = Count(before, first),
                    ValuesB = Count(metric, second),
                });
            }
        }

        return new RunComparison(a, b, differences, [.. Doubts(a, b)]);
    }

    /// <summary>The figure of a key; null = not both have it.</summary>
    public MetricDifference? Find(string key) => Differences.FirstOrDefault(d => string.Equals(d.Key, key, StringComparison.Ordinal));

    private static Dictionary<string, Resamples> Resample(RunRecord run, ulong stream)
    {
        Dictionary<string, Resamples> series = new(StringComparer.Ordinal);
        foreach (RunSeries one in run.Series)
        {
            double[] values = one.Known();
            Statistic[] wanted = [.. run.Metrics.Where(m => string.Equals(m.Series, one.Key, StringComparison.Ordinal)).Select(
                m => m.Statistic).Distinct()];
            if (values.Length > 1 && wanted.Length > 0)
            {
                series[one.Key] = Bootstrap.Of(values, wanted, stream);
            }
        }

        return series;
    }

    private static int Count(RunMetric metric, Dictionary<string, Resamples> series) =>
        metric.Series is { } key && series.TryGetValue(key, out Resamples? resamples) ? resamples.Count : 0;

    // A figure that is measured, as a time or a rate is, cannot fall by more than all of it: of such the ratio is looked at, not the
    // difference over one of the two.
    private static (Interval? Difference, Interval? Relative) IntervalsOf(RunMetric before, RunMetric after, Spread? a, Spread? b)
    {
        if (a is null || b is null)
        {
            return (null, null);
        }

        double[] differences = new double[Bootstrap.Times], ratios = new double[Bootstrap.Times];
        bool above0 = true;
        for (int i = 0; i < differences.Length; i++)
        {
            (double one, double other) = (a.At(i), b.At(i));
            differences[i] = other - one;
            above0 &= one > 0 && other > 0;
            ratios[i] = (other / one) - 1;
        }

        Interval difference = Between(differences);
        if (above0)
        {
            return (difference, Between(ratios));
        }

        double size = Math.Abs(before.Value), most = before.Value > 0 && after.Value >= 0 ? -1 : double.NegativeInfinity;
        return (difference, size > 0 ? new Interval(Math.Max(most, difference.Low / size), difference.High / size) : null);
    }

    private static Interval Between(double[] values)
    {
        Array.Sort(values);
        return new Interval(Serving.Percentile.Of(values, 2.5), Serving.Percentile.Of(values, 97.5));
    }

    private static IEnumerable<string> Doubts(RunRecord a, RunRecord b)
    {
        if (a.Kind != b.Kind)
        {
            yield return $"They are of different commands: {RunWords.Of(a.Kind)} and {RunWords.Of(b.Kind)}.";
        }

        if (a.Arm != b.Arm)
        {
            yield return $"One is {RunWords.Of(a.Arm)}, the other {RunWords.Of(b.Arm)}.";
        }

        if (!string.Equals(a.Config.Hash, b.Config.Hash, StringComparison.Ordinal))
        {
            yield return "Their settings differ: " + string.Join("; ", ConfigDifference.Of(a.Config, b.Config)) + ".";
        }

        if (a.Arm is RunArm.Measured && b.Arm is RunArm.Measured && a.Machine is { } one && b.Machine is { } other
            && (!string.Equals(one.Processor, other.Processor, StringComparison.Ordinal) || one.Cores != other.Cores))
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"They were taken on different machines: {one.Processor} ({one.Cores}) and {other.Processor} ({other.Cores}).");
        }
    }
}
