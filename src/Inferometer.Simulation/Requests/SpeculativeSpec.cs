using Inferometer.Core;
using Inferometer.Core.Models;

namespace Inferometer.Simulation.Requests;

/// <summary>Speculative decoding: a draft proposes tokens, one step of the target checks them all.</summary>
public sealed record SpeculativeSpec
{
    /// <summary>The draft network, deployed as the target is; null = n-gram lookup, which costs nothing.</summary>
    public ModelArchitecture? Draft { get; init; }

    /// <summary>Tokens drafted per round (k), at least 1.</summary>
    public required int DraftTokens { get; init; }

    /// <summary>Probability that a drafted token is accepted given that those before it were (a), 0 to 1.</summary>
    public required double AcceptanceRate { get; init; }

    /// <summary>
    /// Tokens a round yields on average: (1 - a^(k+1)) / (1 - a), the accepted ones and one of the target's own
    /// (Leviathan, Kalman, Matias: Fast Inference from Transformers via Speculative Decoding, 2023, equation 1).
    /// </summary>
    public double ExpectedTokens => AcceptanceRate >= 1
        ? DraftTokens + 1
        : (1 - Math.Pow(AcceptanceRate, DraftTokens + 1)) / (1 - AcceptanceRate);

    internal void Validate()
    {
        if (DraftTokens < 1)
        {
            throw new InferometerException($"speculative: draft tokens must be at least 1, got {DraftTokens}.");
        }

        if (AcceptanceRate is not (>= 0 and <= 1))
        {
            throw new InferometerException($"speculative: the acceptance rate must lie between 0 and 1, got {AcceptanceRate}.");
        }
    }
}
