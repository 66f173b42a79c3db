using Inferometer.Core;

namespace Inferometer.Measurement.Watch;

/// <summary>How things stand with a service that is watched. Immutable: readers of other threads take the whole.</summary>
public sealed record WatchState
{
    /// <summary>Whether the last page could be read.</summary>
    public bool IsUp { get; init; }

    /// <summary>Names of models that the metrics are labelled with; none where the program labels none.</summary>
    public EquatableList<string> Models { get; init; } = [];

    /// <summary>Pages read.</summary>
    public long Scrapes { get; init; }

    /// <summary>Pages that could not be read.</summary>
    public long Failures { get; init; }

    /// <summary>Times that the service was started anew.</summary>
    public long Restarts { get; init; }

    /// <summary>Why the last page could not be read; null = it could.</summary>
    public string? Error { get; init; }

    /// <summary>Since when no page could be read; null = the last one could, or none was asked for.</summary>
    public DateTimeOffset? LostSince { get; init; }

    /// <summary>
    /// Whether <see cref="Load"/> and <see cref="Predicted"/> are of before the service was lost or started anew, and say nothing of it
    /// now.
    /// </summary>
    public bool IsOutdated { get; init; }

    /// <summary>What was observed in the window that was looked at last; null = none was yet.</summary>
    public ObservedLoad? Load { get; init; }

    /// <summary>What is predicted for it; null = nothing.</summary>
    public PredictedLoad? Predicted { get; init; }

    /// <summary>How often each latency left its interval, in the order of <see cref="WatchedLatency"/>.</summary>
    public EquatableList<long> Alerts { get; init; } = [.. new long[Enum.GetValues<WatchedLatency>().Length]];

    /// <summary>Latencies that were outside their intervals when the window was last looked at.</summary>
    public IEnumerable<WatchedFigure> Drifting => Predicted?.Figures.Where(f => f.Drift is Drift.Slower or Drift.Faster) ?? [];
}
