using Inferometer.Core;
using Inferometer.Runners;

namespace Inferometer.Inference.Engine;

/// <summary>A prompt and how to search for its most probable continuations.</summary>
public sealed record BeamSearchRequest
{
    /// <summary>Text to continue; give this or <see cref="PromptTokens"/>.</summary>
    public string? Prompt { get; init; }

    /// <summary>Tokens to continue; give this or <see cref="Prompt"/>.</summary>
    public ReadOnlyMemory<int> PromptTokens { get; init; }

    /// <summary>Beams kept, 1 to 64.</summary>
    public int BeamWidth { get; init; } = 4;

    /// <summary>Most tokens of a hypothesis, at least 1.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>The sum of log-probabilities is divided by length to this power: 0 favours short outputs, 1 is the mean.</summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>Tokens that end a hypothesis besides those of the model.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>Adapter from <see cref="InferenceEngine.LoadAdapter"/>, or null.</summary>
    public IModelAdapter? Adapter { get; init; }

    internal void Validate()
    {
        if (BeamWidth is < 1 or > 64)
        {
            throw new InferometerException($"beam search: {nameof(BeamWidth)} is {BeamWidth}; allowed is 1 to 64.");
        }

        if (MaxNewTokens < 1)
        {
            throw new InferometerException($"beam search: {nameof(MaxNewTokens)} is {MaxNewTokens}; allowed is 1 or more.");
        }

        if (!double.IsFinite(LengthPenalty))
        {
            throw new InferometerException($"beam search: {nameof(LengthPenalty)} is {LengthPenalty}; allowed is any finite number.");
        }
    }
}

/// <summary>One continuation that a beam search found.</summary>
/// <param name="Text">Its text.</param>
/// <param name="TokenIds">Its tokens, without an end token.</param>
/// <param name="LogProbability">Natural log-probability under the model, an end token included.</param>
/// <param name="Score">What hypotheses are ranked by: log-probability over length to the penalty.</param>
/// <param name="IsFinished">It ended with an end token, not at the longest length.</param>
public sealed record BeamHypothesis(string Text, IReadOnlyList<int> TokenIds, double LogProbability, double Score, bool IsFinished);
