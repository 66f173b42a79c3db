namespace Inferometer.Measurement.Published;

/// <summary>One request of a <see cref="ServingTrace"/>; times are seconds since the run began.</summary>
public sealed record TracedRequest
{
    /// <summary>Number in the run.</summary>
    public required int Number { get; init; }

    /// <summary>When the client sent it.</summary>
    public required double ArrivalSeconds { get; init; }

    /// <summary>When the engine queued it.</summary>
    public required double QueuedSeconds { get; init; }

    /// <summary>When the engine first took it into a step.</summary>
    public required double ScheduledSeconds { get; init; }

    /// <summary>When its first token came.</summary>
    public required double FirstTokenSeconds { get; init; }

    /// <summary>When its last token came.</summary>
    public required double LastTokenSeconds { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int InputTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public required int OutputTokens { get; init; }

    /// <summary>Time to first token on the engine's side: first token - queued, seconds.</summary>
    public double TtftSeconds => FirstTokenSeconds - QueuedSeconds;

    /// <summary>Time per output token after the first, seconds; null with fewer than two.</summary>
    public double? TpotSeconds => OutputTokens < 2 ? null : (LastTokenSeconds - FirstTokenSeconds) / (OutputTokens - 1);

    /// <summary>Time of the whole request on the engine's side: last token - queued, seconds.</summary>
    public double EndToEndSeconds => LastTokenSeconds - QueuedSeconds;
}
