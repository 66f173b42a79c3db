using Inferometer.Reports.Estimates;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Server.Simulator;

/// <summary>What was asked does not fit in memory.</summary>
/// <param name="result">What it would take.</param>
/// <param name="changes">Single changes that make it fit.</param>
internal sealed class DoesNotFitException(SimulationResult result, IReadOnlyList<FittingChange> changes)
    : Exception(Overflow.Explain(result, changes))
{
    /// <summary>What it would take.</summary>
    public SimulationResult Result => result;

    /// <summary>Single changes that make it fit.</summary>
    public IReadOnlyList<FittingChange> Changes => changes;
}
