using System.Runtime.InteropServices;

namespace Inferometer.Scheduling.Blocks;

/// <summary>What happened in a <see cref="BlockPool"/> since it was made; every figure is counted at the event it names.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BlockPoolStatistics
{
    /// <summary>Blocks handed out to be written.</summary>
    public long Allocations { get; init; }

    /// <summary>Full prompt blocks found in the cache and reused.</summary>
    public long Hits { get; init; }

    /// <summary>Full prompt blocks looked for and not found.</summary>
    public long Misses { get; init; }

    /// <summary>Cached blocks given up to make room.</summary>
    public long Evictions { get; init; }

    /// <summary>Shared blocks copied because one of their users was about to write.</summary>
    public long CopiesOnWrite { get; init; }

    /// <summary>Most blocks in use at once.</summary>
    public int PeakUsedBlocks { get; init; }

    /// <summary>Hits over lookups, 0..1; 0 when nothing was looked up.</summary>
    public double HitRate => Hits + Misses == 0 ? 0 : (double)Hits / (Hits + Misses);
}
