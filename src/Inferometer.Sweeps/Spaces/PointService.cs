using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Sweeps.Spaces;

/// <summary>A simulated service as a point of a sweep describes it.</summary>
public sealed record PointService
{
    /// <summary>The deployment of a replica.</summary>
    public required SimulationConfig Deployment { get; init; }

    /// <summary>Makes what is asked of it, anew for each simulation.</summary>
    public required Func<ICostPlan, IArrivalSource> Source { get; init; }

    /// <summary>How it is run, given the plan of the deployment.</summary>
    public required Func<ICostPlan, ServingSimulationOptions> Options { get; init; }

    /// <summary>Prompts may begin alike; false where each is known to be like no other.</summary>
    public bool PromptsMayBeginAlike { get; init; } = true;
}
