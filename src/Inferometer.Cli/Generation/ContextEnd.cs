using Inferometer.Inference.Engine;
using Inferometer.Scheduling;

namespace Inferometer.Cli.Generation;

/// <summary>Tells apart an answer that has its tokens from one that the context cut off: both end with the reason <c>length</c>.</summary>
internal static class ContextEnd
{
    /// <summary>What is said of an answer that ended because the context is full; null where it ended otherwise.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="reason">Why it ended.</param>
    /// <param name="usage">What it took.</param>
    public static string? Note(InferenceEngine engine, FinishReason? reason, GenerationUsage? usage) =>
        reason == FinishReason.Length && usage is not null && usage.PromptTokens + usage.OutputTokens >= engine.MaxSequenceTokens
            ? FormattableString.Invariant(
                $"the context of {engine.MaxSequenceTokens} tokens is full, and the answer ends there; --ctx makes it longer.")
            : null;
}
