using Inferometer.Core;

namespace Inferometer.Measurement.Watch;

/// <summary>What a service was asked in a window, and how it answered, by its own metrics.</summary>
public sealed record ObservedLoad
{
    /// <summary>The program that runs it.</summary>
    public required WatchedProgram Program { get; init; }

    /// <summary>Length of the window, seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Pages read in the window.</summary>
    public required int Scrapes { get; init; }

    /// <summary>Requests that ended in it; null where the service does not count them and nothing says how long answers are.</summary>
    public double? Requests { get; init; }

    /// <summary>
    /// Requests that came a second: those that ended, and what the number of those under way grew by. Null as <see cref="Requests"/>.
    /// </summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>Mean tokens of a prompt; null where none ended.</summary>
    public double? InputTokens { get; init; }

    /// <summary>Mean tokens of an answer; null where none ended.</summary>
    public double? OutputTokens { get; init; }

    /// <summary>Tokens of prompts a second; null where the service does not count them.</summary>
    public double? PromptTokensPerSecond { get; init; }

    /// <summary>Tokens of answers a second; null where the service does not count them.</summary>
    public double? OutputTokensPerSecond { get; init; }

    /// <summary>Share of prompt tokens found in the prefix cache; null where the service does not say.</summary>
    public double? CachedShare { get; init; }

    /// <summary>Requests in the batch, the mean of the pages; null where the service does not say.</summary>
    public double? Running { get; init; }

    /// <summary>Requests in the queue, the mean of the pages; null where the service does not say.</summary>
    public double? Waiting { get; init; }

    /// <summary>Share of the KV cache in use, the mean of the pages; null where the service does not say.</summary>
    public double? CacheUse { get; init; }

    /// <summary>Latencies that the service shows and that had values in the window.</summary>
    public EquatableList<ObservedLatency> Latencies { get; init; } = [];

    /// <summary>Lengths of prompts; null where the service has no histogram of them.</summary>
    internal HistogramReading? InputLengths { get; init; }

    /// <summary>Lengths of answers; null where the service has no histogram of them.</summary>
    internal HistogramReading? OutputLengths { get; init; }

    /// <summary>One latency, or null.</summary>
    /// <param name="latency">Which.</param>
    public ObservedLatency? Of(WatchedLatency latency) => Latencies.FirstOrDefault(l => l.Latency == latency);
}
