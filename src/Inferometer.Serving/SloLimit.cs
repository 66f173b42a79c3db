using System.Globalization;

namespace Inferometer.Serving;

/// <summary>One limit of a service level.</summary>
/// <param name="Metric">What is limited.</param>
/// <param name="Seconds">Most that is allowed, above 0.</param>
/// <param name="Percentile">Share of the requests that must keep it, percent; null = each one.</param>
public sealed record SloLimit(LatencyMetric Metric, double Seconds, double? Percentile = null)
{
    /// <summary>Name of a metric in text.</summary>
    public static string NameOf(LatencyMetric metric) => metric switch
    {
        LatencyMetric.TimeToFirstToken => "ttft",
        LatencyMetric.TimePerOutputToken => "tpot",
        LatencyMetric.InterTokenLatency => "itl",
        _ => "e2e",
    };

    /// <summary>As <see cref="Slo.Parse"/> reads it.</summary>
    public override string ToString()
    {
        string share = Percentile is { } percent ? string.Create(CultureInfo.InvariantCulture, $"p{percent} ") : "";
        return string.Create(CultureInfo.InvariantCulture, $"{share}{NameOf(Metric)}<{Seconds}s");
    }
}
