using Inferometer.History.Records;

namespace Inferometer.History.Comparison;

/// <summary>What a figure might have been: a value for each resample.</summary>
internal sealed class Spread
{
    private readonly double[]? _resamples;
    private readonly double _value;
    private readonly double _error;

    private Spread(double[] resamples) => _resamples = resamples;

    private Spread(double value, double error) => (_value, _error) = (value, error);

    /// <summary>Of a figure; null = it has no spread.</summary>
    public static Spread? Of(RunMetric metric, Dictionary<string, Resamples> series) =>
        metric.Series is { } key && series.TryGetValue(key, out Resamples? resamples)
            && resamples.Values.TryGetValue(metric.Statistic, out double[]? values) ? new Spread(values)
        : metric.StandardError is { } error ? new Spread(metric.Value, error)
        : null;

    /// <summary>
    /// Its value in a resample; without values behind it, a draw of the normal distribution in a scrambled order: of the logarithm where
    /// the error is well below a figure above 0, so that none comes out below.
    /// </summary>
    public double At(int i)
    {
        if (_resamples is not null)
        {
            return _resamples[i];
        }

        double draw = Normal.Scrambled(i, _value);
        return _value > 2 * _error ? _value * Math.Exp(_error / _value * draw) : _value + (_error * draw);
    }
}
