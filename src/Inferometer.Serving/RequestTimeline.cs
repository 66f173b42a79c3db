using Inferometer.Scheduling;

namespace Inferometer.Serving;

/// <summary>
/// What became of one request and when, in seconds on the scheduler's clock. The derived times are defined as vLLM's serving benchmark
/// has them (<c>vllm bench serve</c>): TPOT leaves the first token out, ITL is the distribution of the gaps between deliveries. See
/// docs/metrics.md.
/// </summary>
public sealed record RequestTimeline
{
    /// <summary>Running number of the sequence.</summary>
    public required long Id { get; init; }

    /// <summary>When it arrived.</summary>
    public required double ArrivalSeconds { get; init; }

    /// <summary>When it was first admitted; null when it never was.</summary>
    public double? AdmittedSeconds { get; init; }

    /// <summary>When it ended.</summary>
    public required double FinishSeconds { get; init; }

    /// <summary>Why it ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Prompt tokens taken from the prefix cache.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Times it was preempted.</summary>
    public int Preemptions { get; init; }

    /// <summary>Its tokens as they came, in order of time.</summary>
    public IReadOnlyList<TokenDelivery> Deliveries { get; init; } = [];

    /// <summary>Tokens generated.</summary>
    public int OutputTokens => Deliveries.Sum(d => d.Tokens);

    /// <summary>When each token came.</summary>
    public IEnumerable<double> TokenSeconds => Deliveries.SelectMany(d => Enumerable.Repeat(d.Seconds, d.Tokens));

    /// <summary>When its first token came; null when none did.</summary>
    public double? FirstTokenSeconds => Deliveries.Count == 0 ? null : Deliveries[0].Seconds;

    /// <summary>True when it ended as its owner wished: by length or stop.</summary>
    public bool IsCompleted => FinishReason is FinishReason.Length or FinishReason.Stop;

    /// <summary>Arrival to admission; null when it was never admitted, 0 where only the clock's rounding lies between.</summary>
    public double? QueueTime => AdmittedSeconds is { } admitted ? RequestOutcome.Queue(ArrivalSeconds, admitted) : null;

    /// <summary>Time to first token: arrival to first token; null without one.</summary>
    public double? TimeToFirstToken => FirstTokenSeconds - ArrivalSeconds;

    /// <summary>End to end: arrival to last token; null without one.</summary>
    public double? EndToEndTime => Deliveries.Count == 0 ? null : Deliveries[^1].Seconds - ArrivalSeconds;

    /// <summary>Time per output token after the first: (E2E - TTFT) / (tokens - 1); null with fewer than two.</summary>
    public double? TimePerOutputToken => OutputTokens < 2 ? null : (Deliveries[^1].Seconds - Deliveries[0].Seconds) / (OutputTokens - 1);

    /// <summary>Inter-token latencies: the gaps between deliveries, one fewer than those.</summary>
    public IEnumerable<double> InterTokenLatencies => Deliveries.Zip(Deliveries.Skip(1), (a, b) => b.Seconds - a.Seconds);

    /// <summary>The same without its single tokens.</summary>
    public RequestOutcome ToOutcome() => new()
    {
        ArrivalSeconds = ArrivalSeconds,
        AdmittedSeconds = AdmittedSeconds ?? double.NaN,
        FirstTokenSeconds = FirstTokenSeconds ?? double.NaN,
        LastTokenSeconds = Deliveries.Count == 0 ? double.NaN : Deliveries[^1].Seconds,
        LongestGapSeconds = Deliveries.Count < 2 ? double.NaN : InterTokenLatencies.Max(),
        FinishSeconds = FinishSeconds,
        FinishReason = FinishReason,
        PromptTokens = PromptTokens,
        CachedTokens = CachedTokens,
        OutputTokens = OutputTokens,
        Preemptions = Preemptions,
    };
}
