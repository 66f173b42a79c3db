using System.Runtime.InteropServices;
using Inferometer.Inference.Sampling;
using Inferometer.Scheduling;

namespace Inferometer.Inference.Engine;

/// <summary>One piece of a stream: a token with the text it completed, or the end.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct GenerationUpdate
{
    // Of the last update and of the first: one place for both, since updates of all tokens in between lie in queues with it.
    private readonly object? _rare;

    /// <summary>Text that became certain: empty while a character is incomplete or a stop string may have begun.</summary>
    public required string Text { get; init; }

    /// <summary>The token; null on the last update.</summary>
    public int? TokenId { get; init; }

    /// <summary>Log-probabilities of the token, when asked for.</summary>
    public TokenLogProbabilities? LogProbabilities { get; init; }

    /// <summary>
    /// Log-probabilities of the tokens of the prompt, on the first update, when asked for. Of the first token there is none: it is NaN, and
    /// nothing stands in its place.
    /// </summary>
    public IReadOnlyList<TokenLogProbabilities>? PromptLogProbabilities
    {
        get => _rare as IReadOnlyList<TokenLogProbabilities> ?? (_rare as LonelyUpdate)?.OfPrompt;
        init => _rare = value is not null && _rare is GenerationUsage usage ? new LonelyUpdate(usage, value) : value ?? _rare;
    }

    /// <summary>Why the output ended, on the last update; otherwise <see cref="FinishReason.None"/>.</summary>
    public FinishReason FinishReason { get; init; }

    /// <summary>Tokens and times, on the last update.</summary>
    public GenerationUsage? Usage
    {
        get => _rare as GenerationUsage ?? (_rare as LonelyUpdate)?.Usage;
        init => _rare = value is not null && _rare is IReadOnlyList<TokenLogProbabilities> tokens
            ? new LonelyUpdate(value, tokens)
            : value ?? _rare;
    }

    /// <summary>Of an update that is the first and the last.</summary>
    private sealed record LonelyUpdate(GenerationUsage Usage, IReadOnlyList<TokenLogProbabilities> OfPrompt);
}

/// <summary>What a request took.</summary>
public sealed record GenerationUsage
{
    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Prompt tokens taken from the prefix cache.</summary>
    public required int CachedPromptTokens { get; init; }

    /// <summary>
    /// Prompt tokens that the engine computed in the steps from the request's first one to its first token, its own and those of others;
    /// 0 without a token.
    /// </summary>
    public required long PromptTokensUntilFirst { get; init; }

    /// <summary>Tokens generated, a token that ended the output included.</summary>
    public required int OutputTokens { get; init; }

    /// <summary>From submission to the first step it was part of, seconds; NaN when it never was.</summary>
    public required double QueueSeconds { get; init; }

    /// <summary>From submission to the first token (TTFT), seconds; NaN when there was none.</summary>
    public required double TimeToFirstTokenSeconds { get; init; }

    /// <summary>From submission to the end, seconds.</summary>
    public required double TotalSeconds { get; init; }

    internal static GenerationUsage Of(Sequence sequence) => new()
    {
        PromptTokens = sequence.PromptTokens,
        CachedPromptTokens = sequence.CachedPromptTokens,
        PromptTokensUntilFirst = sequence.PromptTokensUntilFirst,
        OutputTokens = sequence.GeneratedTokens,
        QueueSeconds = sequence.AdmittedSeconds - sequence.ArrivalSeconds,
        TimeToFirstTokenSeconds = sequence.FirstTokenSeconds - sequence.ArrivalSeconds,
        TotalSeconds = sequence.FinishSeconds - sequence.ArrivalSeconds,
    };
}

/// <summary>A whole output.</summary>
public sealed record GenerationResult
{
    /// <summary>The text, without what ended it.</summary>
    public required string Text { get; init; }

    /// <summary>The tokens, without one that ended the output.</summary>
    public required IReadOnlyList<int> TokenIds { get; init; }

    /// <summary>Log-probabilities per token, when asked for; otherwise empty.</summary>
    public required IReadOnlyList<TokenLogProbabilities> LogProbabilities { get; init; }

    /// <summary>Log-probabilities of the prompt's tokens, when asked for; otherwise empty.</summary>
    public IReadOnlyList<TokenLogProbabilities> PromptLogProbabilities { get; init; } = [];

    /// <summary>Why it ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>Tokens and times.</summary>
    public required GenerationUsage Usage { get; init; }
}
