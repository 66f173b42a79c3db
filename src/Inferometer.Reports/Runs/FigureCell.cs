using Inferometer.History.Records;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Runs;

/// <summary>A figure of a run in a table.</summary>
internal static class FigureCell
{
    /// <summary>The value; what is counted (requests, tokens, replicas, devices, steps), not per second, is whole: 24, not 24.0.</summary>
    public static Cell Of(RunMetric metric) => Of(metric.Value, metric.Unit);

    /// <inheritdoc cref="Of(RunMetric)"/>
    public static Cell Of(double value, string unit) =>
        unit is "requests" or "tokens" or "replicas" or "devices" or "steps" or ""
            && Math.Abs(value) < long.MaxValue && value == Math.Round(value)
            ? Cell.Number(value, Numbers.Whole((long)value))
            : Cell.Number(value);
}
