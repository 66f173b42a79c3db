namespace Inferometer.Serving.Arrivals;

/// <summary>One request of an <see cref="ArrivalTrace"/>.</summary>
public sealed record Arrival
{
    /// <summary>When it arrives, seconds since the trace began; finite, at least 0.</summary>
    public required double Seconds { get; init; }

    /// <summary>Tokens of the prompt, at least 1.</summary>
    public required int InputTokens { get; init; }

    /// <summary>Tokens it generates; 0 = only computes the prompt.</summary>
    public required int OutputTokens { get; init; }

    /// <summary>The prompt's token ids, <see cref="InputTokens"/> of them; empty where the trace holds lengths alone.</summary>
    public ReadOnlyMemory<int> Prompt { get; init; }

    /// <summary>Requests of the same group begin alike: a session, a system prompt; null = like no other.</summary>
    public string? Group { get; init; }

    /// <summary>
    /// What the prompt consists of where the trace says no more than what is like what; empty where it says less or more. Their lengths add
    /// up to at most <see cref="InputTokens"/>; what follows is like nothing else.
    /// </summary>
    public ReadOnlyMemory<PromptSegment> Segments { get; init; }

    /// <summary>Conversation it is a turn of, above 0, by which a router can keep it where its history is; 0 = none.</summary>
    public int Session { get; init; }

    /// <summary>Larger is served earlier.</summary>
    public int Priority { get; init; }
}
