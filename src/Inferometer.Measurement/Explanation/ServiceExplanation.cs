namespace Inferometer.Measurement.Explanation;

/// <summary>A measured service beside its simulation: where they part, what may be the cause, and what would help.</summary>
public sealed record ServiceExplanation
{
    /// <summary>Name of the cost model.</summary>
    public required string CostModel { get; init; }

    /// <summary>What its figures rest on.</summary>
    public required string RestsOn { get; init; }

    /// <summary>What was measured; times that were not given follow from the others where they can.</summary>
    public required ObservedService Observed { get; init; }

    /// <summary>What is forecast of the service as stated.</summary>
    public required ServiceForecast Forecast { get; init; }

    /// <summary>Distance of the forecast from what was measured, as <see cref="ServiceCause.Distance"/>.</summary>
    public required double Distance { get; init; }

    /// <summary>What brings the forecast nearer to what was measured, the nearest first; empty where it is near already.</summary>
    public required IReadOnlyList<ServiceCause> Causes { get; init; }

    /// <summary>The first of the causes where its forecast is what was measured, with its times taken apart; null where none is.</summary>
    public ServiceCause? Cause { get; init; }

    /// <summary>What the measurements and the forecast say, one sentence each.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>Changes that shorten the whole request, the best first.</summary>
    public required IReadOnlyList<ServiceAdvice> Advice { get; init; }

    /// <summary>Measured less forecast time to first token, milliseconds; null where it was not measured.</summary>
    public double? UnexplainedTtftMs => Observed.TtftMs - Forecast.TtftMs;

    /// <summary>Measured less forecast time per output token, milliseconds; null where either is missing.</summary>
    public double? UnexplainedTpotMs => Observed.TpotMs - Forecast.TpotMs;
}
