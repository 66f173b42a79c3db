using Inferometer.Sweeps.Points;

namespace Inferometer.Sweeps.Runs;

/// <summary>What a sweep did.</summary>
/// <param name="Points">Points in all.</param>
/// <param name="TakenOver">Points that earlier runs had done.</param>
/// <param name="Shards">Shards.</param>
/// <param name="Counts">What became of the points.</param>
/// <param name="Seconds">Time it took, merging included.</param>
public sealed record SweepOutcome(long Points, long TakenOver, int Shards, PointCounts Counts, double Seconds);
