using Inferometer.Core;

namespace Inferometer.Simulation.Costs;

/// <summary>A whole workload on a deployment: both phases, memory, metrics.</summary>
public sealed record EstimateReport
{
    /// <summary>Cost model that made it.</summary>
    public required string CostModel { get; init; }

    /// <summary>Reading the prompts.</summary>
    public required PhaseEstimate Prefill { get; init; }

    /// <summary>The average decode step; null when one output token is asked for, as prefill yields it.</summary>
    public required PhaseEstimate? Decode { get; init; }

    /// <summary>Memory of the fullest device; null where a cost model has no notion of it.</summary>
    public required MemoryEstimate? Memory { get; init; }

    /// <summary>What users see.</summary>
    public required ServingMetrics Metrics { get; init; }

    /// <summary>What was assumed, one sentence each.</summary>
    public required EquatableList<string> Assumptions { get; init; }
}
