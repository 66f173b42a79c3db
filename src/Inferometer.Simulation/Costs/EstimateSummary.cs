using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Costs;

/// <summary>The numbers of an <see cref="EstimateReport"/> without its rows: what a sweep asks for.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct EstimateSummary
{
    /// <summary>Reading the prompts.</summary>
    public PhaseTotals Prefill { get; init; }

    /// <summary>The average decode step; zeros when one output token is asked for.</summary>
    public PhaseTotals Decode { get; init; }

    /// <summary>Memory of the fullest device; null where a cost model has no notion of it.</summary>
    public MemoryTotals? Memory { get; init; }

    /// <summary>What users see.</summary>
    public ServingMetrics Metrics { get; init; }
}
