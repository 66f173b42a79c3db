using Inferometer.Compression.Calibration;

namespace Inferometer.Compression.Profiles;

/// <summary>One level of a profile.</summary>
/// <param name="Name"><c>low</c>, <c>med</c> or <c>high</c>.</param>
/// <param name="PerplexityBound">Increase of perplexity it may cost, 0.05 for 5 %.</param>
/// <param name="Allocation">Ranks and bits.</param>
/// <param name="Loss">What it cost on the hold-out text when the profile was made.</param>
public sealed record ProfileLevel(string Name, double PerplexityBound, LatentAllocation Allocation, ProfileLoss Loss)
{
    /// <summary>
    /// Divergence from the exact cache it may cost, nats per token. Were texts what the exact model predicts, the mean increase of the log
    /// loss would be this divergence, and perplexity would rise by its exponential. On a real text the measured increase is that plus a
    /// term of either sign, which a small hold-out text lets hide a loss; the divergence cannot be hidden. </summary>
    public double KlBound => KlBoundOf(PerplexityBound);

    internal static double KlBoundOf(double perplexityBound) => Math.Log(1 + perplexityBound);
}
