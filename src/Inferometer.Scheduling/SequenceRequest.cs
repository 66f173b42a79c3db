namespace Inferometer.Scheduling;

/// <summary>What a caller asks of the scheduler.</summary>
public sealed record SequenceRequest
{
    /// <summary>Prompt, at least one token; copied.</summary>
    public required ReadOnlyMemory<int> Prompt { get; init; }

    /// <summary>Tokens to generate: 0 = only compute the prompt, null = as many as a sequence may have.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Larger is served earlier: each level is worth <see cref="SchedulerOptions.PriorityHeadStartSeconds"/> of waiting.</summary>
    public int Priority { get; init; }

    /// <summary>Time on the scheduler's clock, seconds, at which the request arrived; null = now.</summary>
    public double? ArrivalSeconds { get; init; }

    /// <summary>Time on the scheduler's clock, seconds, at which the request is given up; null = never.</summary>
    public double? DeadlineSeconds { get; init; }

    /// <summary>Requests share cached prefixes only with others of the same salt (for example the same adapter).</summary>
    public ulong CacheSalt { get; init; }

    /// <summary>Whether this request looks for cached prefixes and leaves its own.</summary>
    public bool UsePrefixCache { get; init; } = true;

    /// <summary>
    /// Whether logits of every token of the prompt are wanted (<see cref="StepChunk.PromptRows"/>), not of its last one alone. Such a
    /// prompt takes nothing from the cache of prefixes.
    /// </summary>
    public bool WantsPromptRows { get; init; }

    /// <summary>
    /// Sequences its owner may fork it into (beams, parallel samples); the pool must be able to hold that many side by side.
    /// </summary>
    public int ParallelSequences { get; init; } = 1;

    /// <summary>Whatever the owner wants to find again on the sequence.</summary>
    public object? Owner { get; init; }
}
