namespace Inferometer.Simulation.Features;

/// <summary>
/// One feature of the unified interface. The engine makes one instance per simulation and calls, in this order,
/// <see cref="Initialize"/>, <see cref="BeforeSimulation"/>, (the cost model), <see cref="AfterSimulation"/>, and always
/// <see cref="Cleanup"/>, also when a step before it threw. Only the first two things a feature must have are its
/// metadata and what it changes; the other hooks are there for those that need them.
/// </summary>
public interface ISimulationFeature
{
    /// <summary>What the feature is. The same for every instance.</summary>
    FeatureMetadata Metadata { get; }

    /// <summary>Reads and checks the feature's parameters, or takes what it needs.</summary>
    /// <param name="context">The simulation being set up.</param>
    /// <exception cref="Core.InferometerException">A parameter is wrong.</exception>
    void Initialize(SimulationContext context)
    {
    }

    /// <summary>Changes the request that the cost model will see.</summary>
    /// <param name="context">The simulation being set up.</param>
    /// <exception cref="Core.InferometerException">A parameter is wrong or does not fit the model or system.</exception>
    void BeforeSimulation(SimulationContext context);

    /// <summary>Adds the feature's own figures to the result, through <see cref="SimulationContext.AddMetric"/>.</summary>
    /// <param name="context">The simulation that ran.</param>
    void AfterSimulation(SimulationContext context)
    {
    }

    /// <summary>
    /// Releases what <see cref="Initialize"/> took. Called once for every feature whose <see cref="Initialize"/> was called.
    /// </summary>
    void Cleanup()
    {
    }
}
