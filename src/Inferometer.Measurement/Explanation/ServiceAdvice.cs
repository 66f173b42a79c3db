namespace Inferometer.Measurement.Explanation;

/// <summary>A change to a service, simulated.</summary>
public sealed record ServiceAdvice
{
    /// <summary>What to do.</summary>
    public required string Change { get; init; }

    /// <summary>What must hold for it; empty = nothing.</summary>
    public string Condition { get; init; } = "";

    /// <summary>The forecast with the change.</summary>
    public required ServiceForecast Forecast { get; init; }

    /// <summary>
    /// Share of the whole request that is saved: 0.2 = a fifth shorter. Of the forecast; where the change sets right what makes the service
    /// slower than its forecast, of what was measured.
    /// </summary>
    public required double Gain { get; init; }
}
