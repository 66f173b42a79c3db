namespace Inferometer.Measurement.Explanation;

/// <summary>Something that may be other than stated, simulated.</summary>
public sealed record ServiceCause
{
    /// <summary>Name for machines, snake case.</summary>
    public required string Key { get; init; }

    /// <summary>What is other than stated.</summary>
    public required string Text { get; init; }

    /// <summary>What to do about it; empty where nothing is known.</summary>
    public string Remedy { get; init; } = "";

    /// <summary>The forecast with it.</summary>
    public required ServiceForecast Forecast { get; init; }

    /// <summary>
    /// How far its forecast is from what was measured: the root of the mean square of ln(forecast / measured) over the times measured;
    /// 0.1 is about 10 %.
    /// </summary>
    public required double Distance { get; init; }
}
