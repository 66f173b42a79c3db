using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Serving;

namespace Inferometer.Cli.Settings;

/// <summary>What a service is asked.</summary>
/// <param name="Source">The requests.</param>
/// <param name="Description">The same in words.</param>
/// <param name="WarmUp">What of it is not measured where nothing else is said.</param>
/// <param name="IsEmpty">There is no request in it.</param>
internal sealed record Traffic(IArrivalSource Source, string Description, WarmUp WarmUp, bool IsEmpty)
{
    /// <summary>How the requests are made up; null where they come from a trace.</summary>
    public TrafficOptions? Made { get; init; }

    /// <summary>The trace they come from; null where they are made up.</summary>
    public ArrivalTrace? Trace { get; init; }
}
