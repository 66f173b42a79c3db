namespace Inferometer.Compression.Memory;

/// <summary>Memory of the process as a <see cref="MemoryManager"/> sees it.</summary>
/// <param name="UsedBytes">In use now.</param>
/// <param name="ReservedBytes">Promised to computations that run.</param>
/// <param name="PeakBytes">Most in use at the end of any computation so far.</param>
/// <param name="LimitBytes">What there is.</param>
/// <param name="ActiveComputations">Computations that run.</param>
/// <param name="Cleanups">Times garbage was collected.</param>
/// <param name="Refusals">Computations refused.</param>
public sealed record MemoryUsage(long UsedBytes, long ReservedBytes, long PeakBytes, long LimitBytes, int ActiveComputations, int Cleanups, int Refusals)
{
    /// <summary>Share of the limit in use, 0 or more.</summary>
    public double UsedShare => (double)UsedBytes / LimitBytes;
}
