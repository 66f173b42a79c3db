using Inferometer.Core;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Fitting;

/// <summary>An operator that was timed by itself, as a part of a step of a network that holds it.</summary>
public sealed record TimedOperator
{
    /// <summary>Name of the timing.</summary>
    public required string Id { get; init; }

    /// <summary>Kind of work: what one calibration counts together.</summary>
    public required string Kind { get; init; }

    /// <summary>Deployment, with the framework named.</summary>
    public required EstimateRequest Request { get; init; }

    /// <summary>Step in which the operator has the sizes that were timed.</summary>
    public required StepBatch Step { get; init; }

    /// <summary>Names of the operators whose times are summed up, each once: those of the first layer, or outside the layers.</summary>
    public required EquatableList<string> Operators { get; init; }

    /// <summary>What it took, seconds, above 0.</summary>
    public required double Seconds { get; init; }

    /// <summary>The deployment is that of a whole model, so that a step's other operators say how much of it this one is.</summary>
    public bool IsOfModel { get; init; }

    /// <summary>Seconds of the operators in a plan of the request.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="rows">Emptied, and filled with the operators of the whole step.</param>
    /// <returns>Null where the plan has no such operators.</returns>
    public double? SecondsIn(ICostPlan plan, List<OperatorRow> rows)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(rows);
        rows.Clear();
        plan.Step(Step.Prefill.AsSpan(), Step.Decode.AsSpan(), rows);
        double seconds = 0;
        bool found = false;
        foreach (OperatorRow row in rows)
        {
            if (row.LayerClass <= 0 && Operators.Contains(row.Name, StringComparer.Ordinal))
            {
                seconds += row.Seconds;
                found = true;
            }
        }

        return found ? seconds : null;
    }
}
