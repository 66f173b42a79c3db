using Inferometer.Core;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Results;

namespace Inferometer.Simulation.Planning;

/// <summary>One estimate of several: what was asked, and what came of it or why nothing did.</summary>
/// <param name="Config">What was asked.</param>
/// <param name="Result">What came of it; null when the request is impossible or does not fit.</param>
public sealed record Estimate(SimulationConfig Config, SimulationResult? Result)
{
    /// <summary>Why the request is impossible, one line; null when it is possible.</summary>
    public string? Error { get; init; }

    /// <summary>The memory it would take where that is more than there is; null when it fits or is impossible for another reason.</summary>
    public MemoryEstimate? Overflow { get; init; }

    /// <summary>Formats of weights, activations and cache where they could be told; also of what does not fit.</summary>
    public FormatReport? Formats { get; init; } = Result?.Formats;

    /// <summary>Simulates; what is impossible or does not fit becomes an estimate without a result.</summary>
    /// <param name="config">What is asked.</param>
    /// <param name="engine">The simulator.</param>
    public static Estimate Of(SimulationConfig config, SimulationEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        try
        {
            SimulationResult result = engine.Simulate(config);
            return result.MemoryUsage is { Fits: false } memory
                ? new Estimate(config, null) { Overflow = memory, Formats = result.Formats }
                : new Estimate(config, result);
        }
        catch (InferometerException error)
        {
            return new Estimate(config, null) { Error = error.Message };
        }
    }
}
