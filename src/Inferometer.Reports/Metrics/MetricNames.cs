using Inferometer.Core;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Metrics;

/// <summary>Finds metrics of an estimate by what people write: their key, or the word of an objective.</summary>
internal static class MetricNames
{
    /// <summary>The metric.</summary>
    /// <param name="name">Its key, such as <c>ttft_ms</c>, or the word of <see cref="Objective"/>, such as <c>ttft</c>.</param>
    /// <param name="text">The whole of what was written, for the error.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">There is none.</exception>
    public static Metric<SimulationResult> Find(string name, string text, string origin)
    {
        Metric<SimulationResult>? metric = EstimateMetrics.All.FirstOrDefault(m => Same(m.Key)) ?? Objective.All.FirstOrDefault(
            o => Same(o.Name))?.Metric;
        string[] known = [.. Objective.All.Select(o => o.Name), .. EstimateMetrics.All.Select(m => m.Key)];
        return metric ?? throw new InferometerException(
            $"{origin}: '{text}' is not allowed; it must begin with a metric.{NameSuggestion.For(name, known)} "
            + $"Metrics: {NameSuggestion.List(name, known)} (docs/metrics.md).");

        bool Same(string known) => string.Equals(known, name, StringComparison.OrdinalIgnoreCase);
    }
}
