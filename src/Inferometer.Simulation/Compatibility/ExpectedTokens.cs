using System.Runtime.InteropServices;
using Inferometer.Core;

namespace Inferometer.Simulation.Compatibility;

/// <summary>Tokens a round of speculative decoding yields on average.</summary>
public static class ExpectedTokens
{
    /// <summary>
    /// min(n, 1 + sum over k below n of k a^k (1 - a) + n a^n): the accepted prefix of n independent candidates and one token
    /// of the full model, capped at n.
    /// </summary>
    /// <param name="candidates">Candidate tokens per round (n), at least 1.</param>
    /// <param name="acceptance">Chance that a candidate is accepted (a), 0 to 1.</param>
    /// <exception cref="InferometerException">An argument is out of range.</exception>
    public static double PerRound(int candidates, double acceptance)
    {
        if (candidates < 1 || !(acceptance >= 0 && acceptance <= 1))
        {
            throw new InferometerException(FormattableString.Invariant(
                $"Speculation with {candidates} candidate(s) at acceptance {acceptance}: ")
                + "candidates must be at least 1 and acceptance within 0 and 1.");
        }

        double accepted = candidates * Math.Pow(acceptance, candidates);
        for (int k = 1; k < candidates; k++)
        {
            accepted += k * Math.Pow(acceptance, k) * (1 - acceptance);
        }

        return Math.Min(candidates, 1 + accepted);
    }
}

/// <summary>How a draft model is used.</summary>
/// <param name="Candidates">Candidate tokens per round, at least 1.</param>
/// <param name="Acceptance">Chance that a candidate is accepted, 0 to 1.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct CompatibilitySpeculation(int Candidates, double Acceptance);
