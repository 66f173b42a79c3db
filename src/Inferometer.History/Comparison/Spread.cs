using Inferometer.History.Records;

namespace Inferometer.History.Comparison;

/// <summary>What a figure might have been: a value for each resample.</summary>
internal sealed class Spread
{
    private readonly double[]? _resamples;
    private readonly double _value;
    private readonly double _error;
    private readonly ulong _stream;

    private Spread(double[] resamples) => _resamples = resamples;

    private Spread(double value, double error, ulong stream) => (_value, _error, _stream) = (value, error, stream);

    /// <summary>Of a figure; null = it has no spread.</summary>
    /// <param name="metric">The figure.</param>
    /// <param name="series">Resamples of its run.</param>
    /// <param name="stream">Tells the draws of the two runs of a comparison apart, so that equal figures vary by themselves.</param>
    public static Spread? Of(RunMetric metric, Dictionary<string, Resamples> series, ulong stream) =>
        metric.Series is { } key && series.TryGetValue(key, out Resamples? resamples)
            && resamples.Values.TryGetValue(metric.Statistic, out double[]? values) ? new Spread(values)
        : metric.StandardError is { } error ? new Spread(metric.Value, error, stream)
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

        double draw = Normal.Scrambled(i, _value, _stream);
        return _value > 2 * _error ? _value * Math.Exp(_error / _value * draw) : _value + (_error * draw);
    }
}
