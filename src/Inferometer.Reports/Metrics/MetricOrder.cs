namespace Inferometer.Reports.Metrics;

/// <summary>An order of results: by a metric, the better first unless told otherwise. What has no value comes last.</summary>
/// <typeparam name="TResult">The result that the metric is read from.</typeparam>
/// <param name="Metric">The metric.</param>
/// <param name="IsDescending">Larger values first.</param>
public sealed record MetricOrder<TResult>(Metric<TResult> Metric, bool IsDescending)
    where TResult : class
{
    /// <summary>The rows in this order; equal ones stay in theirs.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="resultOf">The result of a row, or null.</param>
    public IReadOnlyList<TRow> Sort<TRow>(IReadOnlyList<TRow> rows, Func<TRow, TResult?> resultOf)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(resultOf);
        return
        [
            .. rows.OrderBy(row => ValueOf(row) is null).ThenBy(row => ValueOf(row) is { } value ? IsDescending ? -value : value : 0),
        ];

        double? ValueOf(TRow row) => resultOf(row) is { } result ? Metric.Of(result) : null;
    }
}
