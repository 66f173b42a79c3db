using Inferometer.Reports.Estimates;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Server.Simulator;

/// <summary>What was asked does not fit in memory.</summary>
/// <param name="result">What it would take.</param>
/// <param name="changes">Single changes that make it fit.</param>
internal sealed class DoesNotFitException(SimulationResult result, IReadOnlyList<FittingChange> changes)
    : Exception(Overflow.Explain(result, changes, change => $"\"{FieldOf(change)}\": {change.Value.ToJsonString()}"))
{
    /// <summary>The field of a request that makes a change.</summary>
    public static string FieldOf(FittingChange change) =>
        EstimateSettings.All.FirstOrDefault(s => string.Equals(s.Parameter, change.Parameter, StringComparison.Ordinal))?.Option[2..]
            ?? change.Parameter;

    /// <summary>What it would take.</summary>
    public SimulationResult Result => result;

    /// <summary>Single changes that make it fit.</summary>
    public IReadOnlyList<FittingChange> Changes => changes;
}
