using Inferometer.Scheduling;
using Inferometer.Serving;

namespace Inferometer.Measurement.Load;

/// <summary>What became of one request, as its sender saw it. Times are seconds on the load's clock.</summary>
public sealed record LoadAnswer
{
    /// <summary>When text came, and how many tokens it stands for; in order of time.</summary>
    public IReadOnlyList<TokenDelivery> Deliveries { get; init; } = [];

    /// <summary>When the answer was complete, or failed.</summary>
    public required double EndSeconds { get; init; }

    /// <summary>Why it ended.</summary>
    public FinishReason FinishReason { get; init; }

    /// <summary>Tokens of the prompt as the service counted them; 0 where it did not say.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Those of them that were in the service's prefix cache, where it says.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Whether the service said how many tokens it was; else every piece of text counts as one.</summary>
    public bool HasUsage { get; init; } = true;

    /// <summary>Tokens that were asked for whatever the model would have, and are not in a complete answer.</summary>
    public int MissingTokens { get; init; }

    /// <summary>What went wrong, one line; null = nothing did.</summary>
    public string? Error { get; init; }
}
