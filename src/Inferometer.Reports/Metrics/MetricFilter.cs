namespace Inferometer.Reports.Metrics;

/// <summary>A condition on a metric: <c>ttft_ms&lt;500</c>. What has no value does not meet it.</summary>
/// <typeparam name="TResult">The result that the metric is read from.</typeparam>
/// <param name="Metric">The metric.</param>
/// <param name="Comparison">One of &lt;, &lt;=, &gt;, &gt;=.</param>
/// <param name="Limit">What it is compared with.</param>
public sealed record MetricFilter<TResult>(Metric<TResult> Metric, string Comparison, double Limit)
    where TResult : class
{
    /// <summary>Whether a result meets it.</summary>
    public bool Accepts(TResult? result) => result is not null && Metric.Of(result) is { } value && Comparison switch
    {
        "<" => value < Limit,
        "<=" => value <= Limit,
        ">" => value > Limit,
        _ => value >= Limit,
    };
}
