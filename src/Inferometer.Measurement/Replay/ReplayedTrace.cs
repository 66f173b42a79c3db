using Inferometer.Measurement.Published;
using Inferometer.Serving;
using Inferometer.Simulation.Costs;

namespace Inferometer.Measurement.Replay;

/// <summary>A recorded run as the serving simulation has it.</summary>
public sealed record ReplayedTrace
{
    /// <summary>Each request of the run with what became of it in the simulation, in order of arrival.</summary>
    public required IReadOnlyList<(TracedRequest Measured, RequestOutcome Predicted)> Requests { get; init; }

    /// <summary>What step times rest on.</summary>
    public required string RestsOn { get; init; }

    /// <summary>What the cost model knows of such cases; null where it does not say.</summary>
    public EstimateBasis? Basis { get; init; }
}
