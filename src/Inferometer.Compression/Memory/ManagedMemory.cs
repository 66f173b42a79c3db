namespace Inferometer.Compression.Memory;

/// <summary>The memory an <see cref="IMemoryManager"/> manages, and what it did so far.</summary>
/// <param name="UsedBytes">In use now.</param>
/// <param name="ReservedBytes">Promised to computations that run.</param>
/// <param name="PeakBytes">Most in use at the end of any computation so far.</param>
/// <param name="LimitBytes">What there is.</param>
/// <param name="ActiveComputations">Computations that run.</param>
/// <param name="Cleanups">Times garbage was collected.</param>
/// <param name="Refusals">Computations refused.</param>
public sealed record ManagedMemory(
    long UsedBytes, long ReservedBytes, long PeakBytes, long LimitBytes, int ActiveComputations, int Cleanups, int Refusals);
