using System.Runtime.InteropServices;

namespace Inferometer.Simulation.ClosedLoop;

/// <summary>A closed loop: so many users, each of whom sends the next request when the last one has ended.</summary>
/// <param name="Users">Requests in flight over the whole deployment, at least 1.</param>
/// <param name="InputTokens">Longest prompt, tokens, at least 1.</param>
/// <param name="OutputTokens">Longest answer, tokens, at least 1.</param>
/// <param name="Spread">Lengths are spread evenly from (1 - this) of the longest to the longest; 0 = all are equal.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ClosedLoopLoad(int Users, int InputTokens, int OutputTokens, double Spread = 0)
{
    /// <summary>
    /// Least <see cref="Spread"/> of a simulated loop. Requests of equal length drift apart all the same: batches, hosts and clients are
    /// never in step; without it all users would ask at once again and again.
    /// </summary>
    public const double LeastSpread = 0.2;

    /// <summary>Requests of each user, as public benchmarks have it.</summary>
    public const int RequestsPerUser = 10;

    /// <summary>First tokens of every prompt that are in the cache already; fewer than <see cref="InputTokens"/>.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Mean prompt, tokens.</summary>
    public int MeanInputTokens => Mean(InputTokens);

    /// <summary>Mean answer, tokens.</summary>
    public int MeanOutputTokens => Mean(OutputTokens);

    private int Mean(int longest) => Math.Max(1, (int)Math.Round(longest * (1 - (Spread / 2))));
}
