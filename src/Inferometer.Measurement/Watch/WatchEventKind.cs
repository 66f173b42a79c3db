namespace Inferometer.Measurement.Watch;

/// <summary>What happened to a service that is watched.</summary>
public enum WatchEventKind
{
    /// <summary>The window was looked at.</summary>
    Looked,

    /// <summary>A latency left its interval.</summary>
    DriftBegan,

    /// <summary>A latency is within its interval again.</summary>
    DriftEnded,

    /// <summary>The service's metrics cannot be read.</summary>
    Lost,

    /// <summary>They can be read again.</summary>
    Returned,

    /// <summary>The service was started anew: its counters fell.</summary>
    Restarted,
}
