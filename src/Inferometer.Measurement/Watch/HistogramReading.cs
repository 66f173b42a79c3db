using Inferometer.Core;

namespace Inferometer.Measurement.Watch;

/// <summary>A histogram as it stood, or what came to it since it stood otherwise.</summary>
/// <param name="Sum">Sum of its values.</param>
/// <param name="Count">Number of its values.</param>
/// <param name="Buckets">Values up to each bound, by bound, ascending; empty where the page has none.</param>
public sealed record HistogramReading(double Sum, double Count, EquatableList<HistogramBucket> Buckets)
{
    /// <summary>Mean of the values; null where there is none.</summary>
    public double? Mean => Count > 0 && double.IsFinite(Sum) ? Sum / Count : null;

    /// <summary>What came since an earlier reading of the same counter.</summary>
    /// <param name="earlier">The earlier reading; null = there was none, and everything is new.</param>
    internal HistogramReading Since(HistogramReading? earlier)
    {
        if (earlier is null)
        {
            return this;
        }

        bool comparable = earlier.Buckets.Count == Buckets.Count;
        return new HistogramReading(
            Sum - earlier.Sum,
            Count - earlier.Count,
            comparable
                ? [.. Buckets.Zip(earlier.Buckets, (now, before) => now with { Count = now.Count - before.Count })]
                : []);
    }
}
