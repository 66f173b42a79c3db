using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Simulation;
using Inferometer.Simulation.Results;

namespace Inferometer.Cli.Estimates;

/// <summary>One estimate: what was asked, and what came of it or why nothing did.</summary>
/// <param name="Settings">What was asked.</param>
/// <param name="Result">What came of it; null when the request is impossible or does not fit.</param>
/// <param name="Error">Why there is no result, one line.</param>
internal sealed record Estimate(EstimateSettings Settings, SimulationResult? Result, string? Error)
{
    /// <summary>Simulates; what is impossible or does not fit becomes an estimate without a result.</summary>
    public static Estimate Of(EstimateSettings settings, SimulationEngine engine)
    {
        try
        {
            SimulationResult result = engine.Simulate(settings.ToConfig());
            return result.MemoryUsage is { Fits: false } memory
                ? new Estimate(settings, null, Overflow.Brief(memory))
                : new Estimate(settings, result, null);
        }
        catch (InferometerException error)
        {
            return new Estimate(settings, null, error.Message);
        }
    }
}
