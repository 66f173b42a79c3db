using Inferometer.Scheduling;

namespace Inferometer.Serving;

/// <summary>
/// How a service did, the same for one that ran and one that was simulated; which of the two it was says the type around it
/// (<see cref="Core.Origins.Measured{T}"/>, <see cref="Core.Origins.Predicted{T}"/>). Latencies, tokens and rates are of completed requests
/// (ended by length or stop), as in vLLM's benchmark. Seconds throughout; definitions in docs/metrics.md.
/// </summary>
public sealed record ServingReport
{
    /// <summary>Requests by how they ended; reasons that did not occur are not in it.</summary>
    public required IReadOnlyDictionary<FinishReason, long> FinishedBy { get; init; }

    /// <summary>Requests refused at the door.</summary>
    public required long Rejected { get; init; }

    /// <summary>Requests that were refused, or ended in another way than by length or stop.</summary>
    public long Failed => Rejected + FinishedBy.Where(f => f.Key is not (FinishReason.Length or FinishReason.Stop)).Sum(f => f.Value);

    /// <summary>Requests that ended by length or stop.</summary>
    public required long Completed { get; init; }

    /// <summary>From the first arrival to the last end among all requests that ended, seconds.</summary>
    public required double DurationSeconds { get; init; }

    /// <summary>Prompt tokens of completed requests.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Prompt tokens of completed requests that came from the prefix cache.</summary>
    public required long CachedTokens { get; init; }

    /// <summary>Tokens that completed requests generated.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Tokens generated for requests that did not complete.</summary>
    public required long WastedTokens { get; init; }

    /// <summary>Preemptions of all requests that ended.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Requests in the system on average: their times in it over the duration (Little's law).</summary>
    public required double MeanRequestsInSystem { get; init; }

    /// <summary>Time to first token; null when no request had one.</summary>
    public MetricSummary? TimeToFirstToken { get; init; }

    /// <summary>Time per output token after the first; null when no request had two.</summary>
    public MetricSummary? TimePerOutputToken { get; init; }

    /// <summary>Gaps between deliveries, over all requests; null when there was none.</summary>
    public MetricSummary? InterTokenLatency { get; init; }

    /// <summary>Arrival to last token; null when no request had one.</summary>
    public MetricSummary? EndToEnd { get; init; }

    /// <summary>Arrival to admission; null when none was admitted.</summary>
    public MetricSummary? Queue { get; init; }

    /// <summary>What was given within the service level; null when none was set.</summary>
    public Goodput? Goodput { get; init; }

    /// <summary>Completed requests a second; 0 when no time passed.</summary>
    public double RequestsPerSecond => PerSecond(Completed);

    /// <summary>Output tokens of completed requests a second.</summary>
    public double OutputTokensPerSecond => PerSecond(OutputTokens);

    /// <summary>Prompt and output tokens of completed requests a second.</summary>
    public double TotalTokensPerSecond => PerSecond(PromptTokens + OutputTokens);

    /// <summary>Summarises timelines.</summary>
    /// <param name="timelines">Requests that ended, in any order.</param>
    /// <param name="slo">The service level; null = none.</param>
    public static ServingReport Of(IEnumerable<RequestTimeline> timelines, Slo? slo = null)
    {
        ArgumentNullException.ThrowIfNull(timelines);
        ServingTotals totals = new(int.MaxValue, slo);
        foreach (RequestTimeline timeline in timelines)
        {
            totals.Add(timeline, [.. timeline.Deliveries]);
        }

        return totals.Report();
    }

    private double PerSecond(double count) => DurationSeconds > 0 ? count / DurationSeconds : 0;
}
