using Inferometer.Core.Origins;
using Inferometer.Measurement.Energy;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Load;

/// <summary>What a service did under a load, as its users saw it.</summary>
public sealed record LoadResult
{
    /// <summary>
    /// Latencies, rates and goodput of the measured requests. Latencies count from when a request was to be sent, so that a generator or a
    /// service that falls behind does not hide what its users wait for.
    /// </summary>
    public required Measured<ServingReport> Report { get; init; }

    /// <summary>Every request in the order in which they were to be sent, those of the warm-up included.</summary>
    public required IReadOnlyList<RequestTimeline> Timelines { get; init; }

    /// <summary>
    /// The same requests as they came: when they were to be sent, the tokens of prompts as the service counted them, the tokens it
    /// generated.
    /// </summary>
    public required ArrivalTrace Asked { get; init; }

    /// <summary>What was not measured.</summary>
    public required WarmUp WarmUp { get; init; }

    /// <summary>What went wrong, with how often, the commonest first; in the warm-up too.</summary>
    public required IReadOnlyList<(string Error, int Count)> Errors { get; init; }

    /// <summary>Requests before the measured ones, to warm the service up.</summary>
    public long WarmUpRequests => Timelines.Count - Report.Source.Samples;

    /// <summary>Those of them that failed; they are among <see cref="Errors"/>, and not in the report.</summary>
    public long WarmUpFailed => Errors.Sum(e => (long)e.Count) - Report.Value.Failed;

    /// <summary>What limits what the figures say, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>How much later than intended requests left, seconds: the generator's own error.</summary>
    public required MetricSummary Lateness { get; init; }

    /// <summary>
    /// Whether the load was stopped before its end. Requests that were under way then are in none of the figures.
    /// </summary>
    public bool IsStoppedEarly { get; init; }

    /// <summary>Energy of this machine from the first request to the last answer; null = it was not measured.</summary>
    public MeasuredEnergy? Energy { get; init; }

    /// <summary>Why no energy was measured on this machine; null = it was, or the service is elsewhere.</summary>
    public string? EnergyRefusal { get; init; }

    /// <summary>
    /// Energy over the tokens of all answers, those of the warm-up included, joules; null where it was not measured or nothing was
    /// answered.
    /// </summary>
    public double? JoulesPerOutputToken =>
        Timelines.Sum(t => (long)t.OutputTokens) is > 0 and long tokens ? Energy?.Joules / tokens : null;
}
