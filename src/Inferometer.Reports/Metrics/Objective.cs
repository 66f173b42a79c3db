using Inferometer.Core;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Metrics;

/// <summary>What a comparison looks for: the best value of a metric.</summary>
/// <param name="Name">Name on the command line.</param>
/// <param name="Description">In words.</param>
/// <param name="Metric">The metric looked at.</param>
public sealed record Objective(string Name, string Description, Metric<SimulationResult> Metric)
{
    /// <summary>All that can be named.</summary>
    public static IReadOnlyList<Objective> All { get; } =
    [
        new("throughput", "most tokens per second", EstimateMetrics.Throughput),
        new("ttft", "shortest time to first token", EstimateMetrics.TimeToFirstToken),
        new("tpot", "shortest time per output token", EstimateMetrics.TimePerOutputToken),
        new("e2e", "shortest end-to-end latency", EstimateMetrics.EndToEnd),
        new("cost", "cheapest token", EstimateMetrics.Cost),
        new("energy", "least energy per token", EstimateMetrics.Energy),
    ];

    /// <summary>Finds one by name.</summary>
    /// <exception cref="InferometerException">No such objective.</exception>
    public static Objective Find(string name) => All.FirstOrDefault(o => string.Equals(o.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new InferometerException($"--best: '{name}' is not allowed; it must be {string.Join(", ", All.Select(o => o.Name))}.");

    /// <summary>Index of the best estimate, or -1 where none gives the value.</summary>
    public int BestOf(IReadOnlyList<Estimate> estimates)
    {
        ArgumentNullException.ThrowIfNull(estimates);
        int best = -1;
        double bestValue = 0;
        for (int i = 0; i < estimates.Count; i++)
        {
            double? value = estimates[i].Result is { } result ? Metric.Of(result) : null;
            if (value is { } v && (best < 0 || (Metric.Better == Direction.HigherIsBetter ? v > bestValue : v < bestValue)))
            {
                (best, bestValue) = (i, v);
            }
        }

        return best;
    }
}
