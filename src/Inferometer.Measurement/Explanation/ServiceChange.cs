using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Explanation;

/// <summary>A service other than stated, to be simulated: because it may run so, or because that may help.</summary>
/// <param name="Key">Name for machines, snake case.</param>
/// <param name="Text">What differs.</param>
internal sealed record ServiceChange(string Key, string Text)
{
    /// <summary>What must hold for it; empty = nothing.</summary>
    public string Condition { get; init; } = "";

    /// <summary>What to do where the service runs so and should not; empty = nothing is known.</summary>
    public string Remedy { get; init; } = "";

    /// <summary>The deployment; null = the stated one.</summary>
    public SimulationConfig? Config { get; init; }

    /// <summary>How it is run.</summary>
    public Func<ServingSimulationOptions, ServingSimulationOptions> Options { get; init; } = o => o;

    /// <summary>What is asked of it.</summary>
    public Func<ServiceTraffic, ServiceTraffic> Traffic { get; init; } = t => t;

    /// <summary>Every step takes so many times as long.</summary>
    public double Slowness { get; init; } = 1;
}
