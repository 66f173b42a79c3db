using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Explanation;

/// <summary>A service and what is asked of it, such that both can be stated again for a deployment that differs.</summary>
public sealed record ExplainedService
{
    /// <summary>The deployment of a replica.</summary>
    public required SimulationConfig Config { get; init; }

    /// <summary>How a deployment is run; what is not measured follows from <see cref="Traffic"/>.</summary>
    public required Func<ICostPlan, ServingSimulationOptions> Options { get; init; }

    /// <summary>What is asked of it.</summary>
    public required Func<ICostPlan, ServiceTraffic> Traffic { get; init; }
}
