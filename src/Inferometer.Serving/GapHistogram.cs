namespace Inferometer.Serving;

/// <summary>
/// Gaps between deliveries where there are too many to keep: mean, deviation and extremes of all, and counts in buckets 0.05 % wide, so
/// that a percentile is that much off at most. Adding many equal gaps costs as much as adding one. Sums are of whole picoseconds and,
/// squared, of whole nanoseconds, so that no order of adding changes them.
/// </summary>
internal sealed class GapHistogram
{
    private const int SubBits = 11; // 2048 buckets between a power of two and the next
    private const int Shift = 52 - SubBits;
    private const int LeastExponent = 1023 - 40; // gaps below 2^-40 s, about a picosecond, are counted as that
    private const int Exponents = 64;

    private readonly long[] _counts = new long[Exponents << SubBits];
    private long _count;
    private Int128 _picoseconds;
    private UInt128 _squareNanoseconds;
    private double _min = double.PositiveInfinity;
    private double _max = double.NegativeInfinity;

    public void Add(double seconds, long count)
    {
        if (count == 0)
        {
            return;
        }

        _count += count;
        ulong nanoseconds = (ulong)Math.Round(seconds * 1e9);
        _picoseconds += (Int128)Math.Round(seconds * 1e12) * count;
        _squareNanoseconds += (UInt128)nanoseconds * nanoseconds * (ulong)count;
        _min = Math.Min(_min, seconds);
        _max = Math.Max(_max, seconds);
        _counts[BucketOf(seconds)] += count;
    }

    /// <returns>Null when there is no gap.</returns>
    public MetricSummary? Summarize() => _count == 0 ? null : new MetricSummary
    {
        Count = _count,
        Kept = (int)Math.Min(_count, int.MaxValue),
        Mean = Mean,
        StandardDeviation = MetricSummary.AreAlike(_min, _max)
            ? 0
            : Math.Sqrt(Math.Max(0, ((double)_squareNanoseconds * 1e-18 / _count) - (Mean * Mean))),
        Min = _min,
        Max = _max,
        P50 = PercentileOf(50),
        P90 = PercentileOf(90),
        P95 = PercentileOf(95),
        P99 = PercentileOf(99),
    };

    private double Mean => Math.Clamp((double)_picoseconds / _count * 1e-12, _min, _max);

    private static int BucketOf(double seconds)
    {
        long bucket = (BitConverter.DoubleToInt64Bits(seconds) >> Shift) - ((long)LeastExponent << SubBits);
        return (int)Math.Clamp(bucket, 0, ((long)Exponents << SubBits) - 1);
    }

    private double PercentileOf(double percent)
    {
        double rank = percent / 100 * (_count - 1);
        long below = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            below += _counts[bucket];
            if (below > rank)
            {
                return Math.Clamp(MiddleOf(bucket), _min, _max);
            }
        }

        return _max;
    }

    private static double MiddleOf(int bucket)
    {
        long bits = (bucket + ((long)LeastExponent << SubBits)) << Shift;
        return BitConverter.Int64BitsToDouble(bits + (1L << (Shift - 1)));
    }
}
