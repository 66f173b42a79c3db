namespace Inferometer.Serving;

/// <summary>
/// Values of one metric: moments of all of them, and the values themselves up to a limit, beyond which a uniform random sample is kept
/// (algorithm R, Vitter 1985; seeded, so that runs repeat). Storage grows by doubling and never beyond the limit.
/// </summary>
internal sealed class SampleSet(int limit)
{
    private const int Seed = 20_260_101;

    private readonly Random _random = new(Seed);
    private double[] _values = new double[Math.Min(limit, 16)];
    private int _kept;
    private double _mean;
    private double _squares;
    private double _min = double.PositiveInfinity;
    private double _max = double.NegativeInfinity;

    public long Count { get; private set; }

    public double Sum => _mean * Count;

    public void Add(double value)
    {
        Count++;
        double distance = value - _mean; // Welford's update: no cancellation as with a sum of squares
        _mean += distance / Count;
        _squares += distance * (value - _mean);
        _min = Math.Min(_min, value);
        _max = Math.Max(_max, value);
        if (_kept < limit)
        {
            if (_kept == _values.Length)
            {
                Array.Resize(ref _values, (int)Math.Min(limit, 2L * _kept));
            }

            _values[_kept++] = value;
            return;
        }

        long place = _random.NextInt64(Count);
        if (place < limit)
        {
            _values[place] = value;
        }
    }

    /// <returns>Null when there is no value.</returns>
    public MetricSummary? Summarize()
    {
        if (Count == 0)
        {
            return null;
        }

        double[] sorted = _values[.._kept];
        Array.Sort(sorted);
        return new MetricSummary
        {
            Count = Count,
            Kept = _kept,
            Mean = _mean,
            StandardDeviation = MetricSummary.AreAlike(_min, _max) ? 0 : Math.Sqrt(_squares / Count),
            Min = _min,
            Max = _max,
            P50 = Percentile.Of(sorted, 50),
            P90 = Percentile.Of(sorted, 90),
            P95 = Percentile.Of(sorted, 95),
            P99 = Percentile.Of(sorted, 99),
        };
    }
}
