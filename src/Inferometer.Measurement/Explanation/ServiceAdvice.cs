namespace Inferometer.Measurement.Explanation;

/// <summary>A change to a deployment, forecast.</summary>
public sealed record ServiceAdvice
{
    /// <summary>What to do.</summary>
    public required string Change { get; init; }

    /// <summary>What must hold for it; empty = nothing.</summary>
    public string Condition { get; init; } = "";

    /// <summary>The forecast with the change.</summary>
    public required LoadForecast Forecast { get; init; }

    /// <summary>
    /// Time to first token to expect, milliseconds: the forecast one, and what was not explained of the measured one in proportion to the
    /// time of a prompt and the users of an engine.
    /// </summary>
    public required double TtftMs { get; init; }

    /// <summary>Time per output token to expect, milliseconds: the forecast one, and what was not explained of the measured one.</summary>
    public required double TpotMs { get; init; }

    /// <summary>Time of a whole request to expect, milliseconds.</summary>
    public required double EndToEndMs { get; init; }

    /// <summary>Share of the whole request that is saved: 0.2 = a fifth shorter.</summary>
    public required double Gain { get; init; }
}
