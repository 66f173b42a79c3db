namespace Inferometer.Server.Metrics;

/// <summary>
/// Counts values in buckets, as Prometheus reads them. Any number of threads may add; adding allocates nothing and waits for nobody.
/// </summary>
internal sealed class Histogram
{
    private readonly double[] _bounds;
    private readonly long[] _counts;
    private double _sum;

    /// <summary>Creates an empty one.</summary>
    /// <param name="bounds">Upper bounds of the buckets, ascending; the bucket above the last is added.</param>
    public Histogram(ReadOnlySpan<double> bounds)
    {
        _bounds = bounds.ToArray();
        _counts = new long[bounds.Length + 1];
    }

    /// <summary>Upper bounds, the infinite one not among them.</summary>
    public ReadOnlySpan<double> Bounds => _bounds;

    /// <summary>Sum of all values.</summary>
    public double Sum => Volatile.Read(ref _sum);

    /// <summary>Number of all values.</summary>
    public long Count
    {
        get
        {
            long count = 0;
            for (int i = 0; i < _counts.Length; i++)
            {
                count += Volatile.Read(ref _counts[i]);
            }

            return count;
        }
    }

    /// <summary>Adds a value; one that is no number is left out.</summary>
    public void Add(double value)
    {
        if (double.IsNaN(value))
        {
            return;
        }

        int bucket = 0;
        while (bucket < _bounds.Length && value > _bounds[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref _counts[bucket]);
        double sum = Volatile.Read(ref _sum);
        double before;
        do
        {
            before = sum;
            sum = Interlocked.CompareExchange(ref _sum, before + value, before);
        }
        while (sum != before);
    }

    /// <summary>Values in one bucket alone.</summary>
    public long InBucket(int index) => Volatile.Read(ref _counts[index]);
}
