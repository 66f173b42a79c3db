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

    /// <summary>Its value in a resample; without values behind it, a quantile of the normal distribution in a scrambled order.</summary>
    public double At(int i) => _resamples is not null ? _resamples[i] : _value + (_error * Normal.Scrambled(i, _value));
}
