using Inferometer.Core;
using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Costs;

/// <summary>One step (for decode: the average one) in detail.</summary>
public sealed record PhaseEstimate
{
    /// <summary>Cost model that made it.</summary>
    public required string CostModel { get; init; }

    /// <summary><c>prefill</c>, <c>decode</c> or <c>mixed</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>Sums over the operators.</summary>
    public required PhaseTotals Totals { get; init; }

    /// <summary>Time of the step, draft included, seconds.</summary>
    public double LatencySeconds => Totals.LatencySeconds;

    /// <summary>The operators in order of execution, one row per distinct layer.</summary>
    public required EquatableList<OperatorRow> Operators { get; init; }

    /// <summary>Seconds by part of the network, one after another: the rows' <see cref="OperatorRow.TotalSeconds"/> summed.</summary>
    public required EquatableList<GroupSeconds> Groups { get; init; }

    /// <summary>What was assumed, one sentence each.</summary>
    public required EquatableList<string> Assumptions { get; init; }
}

/// <summary>Time of one part of the network.</summary>
/// <param name="Group">The part.</param>
/// <param name="Seconds">Its operators one after another.</param>
public sealed record GroupSeconds(OperatorGroup Group, double Seconds);
