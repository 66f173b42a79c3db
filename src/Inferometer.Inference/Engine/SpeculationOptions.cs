using Inferometer.Core;

namespace Inferometer.Inference.Engine;

/// <summary>
/// Speculative decoding: tokens are drafted cheaply and verified together in one step of the model. A draft is kept only where it equals
/// the token that the request's own sampler draws there, so the output is the same as without, token by token for equal seeds.
/// </summary>
public sealed record SpeculationOptions
{
    /// <summary>
    /// A smaller model of the same vocabulary that drafts; null = drafts are what followed the last tokens earlier in the text (prompt
    /// lookup).
    /// </summary>
    public string? DraftModelPath { get; init; }

    /// <summary>Tokens drafted per step, 1 to 16.</summary>
    public int DraftTokens { get; init; } = 4;

    /// <summary>Prompt lookup: longest run of last tokens to look for earlier in the text, 1 to 8.</summary>
    public int MaxMatchTokens { get; init; } = 3;

    internal void Validate()
    {
        if (DraftTokens is < 1 or > 16)
        {
            throw new InferometerException($"options: {nameof(DraftTokens)} is {DraftTokens}; allowed is 1 to 16.");
        }

        if (MaxMatchTokens is < 1 or > 8)
        {
            throw new InferometerException($"options: {nameof(MaxMatchTokens)} is {MaxMatchTokens}; allowed is 1 to 8.");
        }
    }
}
