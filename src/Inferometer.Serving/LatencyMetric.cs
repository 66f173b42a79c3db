namespace Inferometer.Serving;

/// <summary>A latency that a service level can limit.</summary>
public enum LatencyMetric
{
    /// <summary>Time to first token.</summary>
    TimeToFirstToken,

    /// <summary>Time per output token after the first.</summary>
    TimePerOutputToken,

    /// <summary>Gap between deliveries; of one request the longest counts.</summary>
    InterTokenLatency,

    /// <summary>Arrival to last token.</summary>
    EndToEnd,
}
