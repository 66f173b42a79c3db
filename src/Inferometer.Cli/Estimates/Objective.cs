using Inferometer.Core;
using Inferometer.Simulation.Results;

namespace Inferometer.Cli.Estimates;

/// <summary>What a comparison looks for.</summary>
/// <param name="Name">Name on the command line.</param>
/// <param name="Description">In words.</param>
/// <param name="Of">The value looked at; null where the estimate does not give it.</param>
/// <param name="HigherIsBetter">Direction.</param>
internal sealed record Objective(string Name, string Description, Func<SimulationResult, double?> Of, bool HigherIsBetter = false)
{
    public static IReadOnlyList<Objective> All { get; } =
    [
        new("throughput", "most tokens per second", r => r.Throughput, HigherIsBetter: true),
        new("ttft", "shortest time to first token", r => r.Metrics.TtftMs),
        new("tpot", "shortest time per output token", r => r.Metrics.TpotMs),
        new("e2e", "shortest end-to-end latency", r => r.Metrics.E2eMs),
        new("cost", "cheapest token", r => r.Metrics.CostPerMillionTokensUsd),
        new("energy", "least energy per token", r => r.Metrics.EnergyPerTokenJoules),
    ];

    /// <summary>Finds one by name.</summary>
    /// <exception cref="InferometerException">No such objective.</exception>
    public static Objective Find(string name) => All.FirstOrDefault(o => string.Equals(o.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new InferometerException($"--best: '{name}' is not allowed; it must be {string.Join(", ", All.Select(o => o.Name))}.");

    /// <summary>Index of the best estimate, or -1 where none gives the value.</summary>
    public int BestOf(IReadOnlyList<Estimate> estimates)
    {
        int best = -1;
        double bestValue = 0;
        for (int i = 0; i < estimates.Count; i++)
        {
            double? value = estimates[i].Result is { } result ? Of(result) : null;
            if (value is { } v && (best < 0 || (HigherIsBetter ? v > bestValue : v < bestValue)))
            {
                (best, bestValue) = (i, v);
            }
        }

        return best;
    }
}
