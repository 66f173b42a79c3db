using Inferometer.Measurement.Energy;
using Inferometer.Serving;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Load;

/// <summary>How a load is measured.</summary>
public sealed record LoadOptions
{
    /// <summary>What is not measured: the same rule as in a simulation.</summary>
    public WarmUp WarmUp { get; init; } = WarmUp.None;

    /// <summary>Service level whose goodput is counted; null = none.</summary>
    public Slo? Slo { get; init; }

    /// <summary>Time after which a request is given up and counts as failed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Measures energy, where the service runs on this machine; null = nothing does.</summary>
    public EnergyMeter? Energy { get; init; }

    /// <summary>Told after each answer how many there are.</summary>
    public Action<long>? Progress { get; init; }

    /// <summary>
    /// Ends the load early: what is under way is given up, and what was answered until then is the result, which says so.
    /// </summary>
    public CancellationToken Stop { get; init; }
}
