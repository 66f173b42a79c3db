using System.Runtime.InteropServices;
using Inferometer.Core;

namespace Inferometer.Compression.Cache;

/// <summary>Which tokens of a sequence stay exact; both are rounded up to whole blocks of 16.</summary>
/// <param name="SinkTokens">First tokens, which attention leans on out of proportion (Xiao et al. 2023).</param>
/// <param name="RecentTokens">Latest tokens.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ExactWindow(int SinkTokens = 4, int RecentTokens = 128)
{
    /// <summary>The usual window: 4 first and 128 latest tokens.</summary>
    public static ExactWindow Default { get; } = new(4, 128);

    /// <summary>Exact pages that a cache needs for so many sequences and so many tokens in a step, with a spare one per sequence.</summary>
    /// <remarks>A cache takes no more than it has blocks, so that a window longer than any sequence does no harm.</remarks>
    public int PagesFor(int sequences, int stepTokens) =>
        (int)Math.Min(int.MaxValue, (sequences * ((long)Blocks(SinkTokens) + Blocks(RecentTokens) + 3)) + Blocks(stepTokens));

    /// <summary>Throws where a number is negative.</summary>
    internal void Validate()
    {
        if (SinkTokens < 0 || RecentTokens < 0)
        {
            throw new InferometerException($"exact tokens: sink {SinkTokens}, recent {RecentTokens}; allowed are 0 or more.");
        }
    }

    /// <summary>Blocks that hold so many tokens.</summary>
    internal static int Blocks(int tokens) => (int)((tokens + 15L) / 16);
}
