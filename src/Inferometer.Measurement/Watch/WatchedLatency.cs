namespace Inferometer.Measurement.Watch;

/// <summary>A latency that a service's metrics show, as the mean of what ended in a window.</summary>
public enum WatchedLatency
{
    /// <summary>Arrival to first token.</summary>
    TimeToFirstToken,

    /// <summary>First to last token over the tokens after the first, the mean of requests.</summary>
    TimePerOutputToken,

    /// <summary>The gap before a token, the mean of all tokens after the first.</summary>
    InterTokenLatency,

    /// <summary>Arrival to last token.</summary>
    EndToEnd,

    /// <summary>From the first step of a request to its first token: time to first token without the queue.</summary>
    Prefill,

    /// <summary>Arrival to the first step.</summary>
    Queue,
}
