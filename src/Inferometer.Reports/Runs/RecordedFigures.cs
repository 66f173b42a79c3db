using Inferometer.History.Records;
using Inferometer.Reports.Metrics;

namespace Inferometer.Reports.Runs;

/// <summary>The figures of a run and the values behind them, as the history keeps them.</summary>
/// <param name="Metrics">The figures.</param>
/// <param name="Series">The values behind them.</param>
public sealed record RecordedFigures(IReadOnlyList<RunMetric> Metrics, IReadOnlyList<RunSeries> Series)
{
    /// <summary>A metric of a result as a figure; null where the result does not give it.</summary>
    /// <typeparam name="T">The result.</typeparam>
    internal static RunMetric? Of<T>(Metric<T> metric, T result) => metric.Of(result) is { } value && double.IsFinite(value)
        ? new RunMetric { Key = metric.Key, Name = metric.Name, Unit = metric.Unit, Better = WayOf(metric.Better), Value = value }
        : null;

    private static Better WayOf(Direction direction) => direction switch
    {
        Direction.LowerIsBetter => Better.Lower,
        Direction.HigherIsBetter => Better.Higher,
        _ => Better.Neither,
    };
}
