using System.Runtime.InteropServices;

namespace Inferometer.Server.Metrics;

/// <summary>What one sequence took, measured, and beside whom.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ServedRequest
{
    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Prompt tokens taken from the prefix cache.</summary>
    public required int CachedTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public required int OutputTokens { get; init; }

    /// <summary>From submission to the first step, seconds.</summary>
    public required double QueueSeconds { get; init; }

    /// <summary>From submission to the first token, seconds; NaN without one.</summary>
    public required double FirstTokenSeconds { get; init; }

    /// <summary>From submission to the end, seconds.</summary>
    public required double TotalSeconds { get; init; }

    /// <summary>Prompt tokens of others that its engine computed from this one's first step to its first token.</summary>
    public long OtherPromptTokens { get; init; }

    /// <summary>Other sequences that decoded when the first token came.</summary>
    public required int Neighbours { get; init; }

    /// <summary>Sequences that decoded at once while this one did, itself among them, on average.</summary>
    public required double MeanDecoding { get; init; }

    /// <summary>Other engines that had work until the first token came, on average.</summary>
    public double OthersInPrefill { get; init; }

    /// <summary>Other engines that had work from the first token to the end, on average.</summary>
    public double OthersInDecode { get; init; }

    /// <summary>Whether the prompt's own tokens were told of, which takes small steps and a row of logits for each.</summary>
    public bool ScoresPrompt { get; init; }

    /// <summary>From the first step to the first token, seconds; NaN without one.</summary>
    public double PrefillSeconds => FirstTokenSeconds - QueueSeconds;

    /// <summary>From the first token to the end, seconds; NaN without one.</summary>
    public double DecodeSeconds => TotalSeconds - FirstTokenSeconds;

    /// <summary>Mean time between tokens, seconds; NaN with fewer than two.</summary>
    public double PerTokenSeconds => OutputTokens < 2 ? double.NaN : DecodeSeconds / (OutputTokens - 1);
}
