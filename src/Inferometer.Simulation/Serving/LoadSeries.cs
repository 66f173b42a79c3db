namespace Inferometer.Simulation.Serving;

/// <summary>
/// Quantities over time in buckets of equal width. The width doubles whenever the last bucket is passed, so that a series of any length
/// takes the same memory. Additions are integrals: amount times seconds.
/// </summary>
internal sealed class LoadSeries(int quantities)
{
    private const int Buckets = 128;
    private const double FirstWidth = 1.0 / 1024;

    private readonly double[][] _sums = [.. Enumerable.Range(0, quantities).Select(_ => new double[Buckets])];

    public double WidthSeconds { get; private set; } = FirstWidth;

    /// <summary>Buckets that something was added to, up to the last one.</summary>
    public int Used { get; private set; }

    /// <summary>Widens the buckets until a time falls into one.</summary>
    public void Cover(double seconds)
    {
        while (seconds > WidthSeconds * Buckets)
        {
            Double();
        }
    }

    /// <summary>Adds an amount that held from one time to another.</summary>
    public void Add(int quantity, double from, double to, double amount)
    {
        Cover(to);
        double[] sums = _sums[quantity];
        int last = Math.Min((int)(to / WidthSeconds), Buckets - 1);
        Used = Math.Max(Used, last + 1);
        for (int bucket = (int)(from / WidthSeconds); bucket <= last; bucket++)
        {
            double begin = Math.Max(from, bucket * WidthSeconds);
            double end = Math.Min(to, (bucket + 1) * WidthSeconds);
            sums[bucket] += amount * Math.Max(0, end - begin);
        }
    }

    /// <summary>
    /// The same for the first three quantities at once, where the time lies in one bucket: as widths are powers of two, its ends are found
    /// without rounding.
    /// </summary>
    /// <returns>False, with nothing added, where it does not.</returns>
    public bool TryAdd(double from, double to, double first, double second, double third)
    {
        double last = to / WidthSeconds;
        int bucket = (int)(from / WidthSeconds);
        if (!(last < Buckets) || (int)last != bucket)
        {
            return false;
        }

        Used = Math.Max(Used, bucket + 1);
        double seconds = Math.Max(0, to - from);
        _sums[0][bucket] += first * seconds;
        _sums[1][bucket] += second * seconds;
        _sums[2][bucket] += third * seconds;
        return true;
    }

    /// <summary>Mean amount in a bucket.</summary>
    public double Mean(int quantity, int bucket) => _sums[quantity][bucket] / WidthSeconds;

    /// <summary>Integral over all time.</summary>
    public double Total(int quantity) => _sums[quantity].Sum();

    private void Double()
    {
        foreach (double[] sums in _sums)
        {
            for (int i = 0; i < Buckets / 2; i++)
            {
                sums[i] = sums[2 * i] + sums[(2 * i) + 1];
            }

            Array.Clear(sums, Buckets / 2, Buckets / 2);
        }

        WidthSeconds *= 2;
        Used = (Used + 1) / 2;
    }
}
