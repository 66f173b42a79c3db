using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;

namespace Inferometer.Server.Generation;

/// <summary>A conversation as the engine is asked to answer it, and how its answers are read.</summary>
internal sealed record ChatPlan
{
    /// <summary>The conversation in tokens; what looks like a control token in a message is text.</summary>
    public required int[] PromptTokens { get; init; }

    /// <summary>What the output is held to; null = nothing.</summary>
    public required OutputConstraint? Constraint { get; init; }

    /// <summary>Whether what begins like a call is held to be one, so that it can be given out as it is written.</summary>
    public required bool HoldsCalls { get; init; }

    /// <summary>Control tokens whose text the reader looks for.</summary>
    public required IReadOnlyList<int> ShownTokens { get; init; }

    /// <summary>Makes a reader of one answer; null = the output is the answer.</summary>
    public required Func<bool, AnswerReader>? Reader { get; init; }

    /// <summary>Whether an answer may hold several calls; otherwise the first alone is given out.</summary>
    public required bool TakesManyCalls { get; init; }

    /// <summary>A request for an answer to this conversation.</summary>
    /// <param name="request">All that the conversation does not say.</param>
    public GenerationRequest Apply(GenerationRequest request) => request with
    {
        PromptTokens = PromptTokens,
        ShownTokens = request.ShownTokens.Count > 0 ? request.ShownTokens : ShownTokens, // all of them, where it is not empty
        Sampling = (request.Sampling ?? new SamplingOptions()) with { Constraint = Constraint },
    };
}
