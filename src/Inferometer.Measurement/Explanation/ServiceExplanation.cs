using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Explanation;

/// <summary>A measured service beside its forecast: where they part, and what would help.</summary>
public sealed record ServiceExplanation
{
    /// <summary>Name of the cost model.</summary>
    public required string CostModel { get; init; }

    /// <summary>What its figures rest on.</summary>
    public required string RestsOn { get; init; }

    /// <summary>The machine.</summary>
    public required string SystemName { get; init; }

    /// <summary>Users and lengths.</summary>
    public required WorkloadPoint Workload { get; init; }

    /// <summary>What was measured; times that were not given follow from the others where they can.</summary>
    public required ObservedService Observed { get; init; }

    /// <summary>What is forecast.</summary>
    public required LoadForecast Forecast { get; init; }

    /// <summary>What the measurements and the forecast say, one sentence each.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>Changes that shorten the whole request, the best first.</summary>
    public required IReadOnlyList<ServiceAdvice> Advice { get; init; }

    /// <summary>Measured less forecast time to first token, milliseconds; null where it was not measured.</summary>
    public double? UnexplainedTtftMs => Observed.TtftMs - Forecast.TtftMs;

    /// <summary>Measured less forecast time per output token, milliseconds; null where it was not measured.</summary>
    public double? UnexplainedTpotMs => Observed.TpotMs - Forecast.TpotMs;
}
