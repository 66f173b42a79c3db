using Inferometer.Sweeps.Points;

namespace Inferometer.Sweeps.Runs;

/// <summary>What is known of a shard that is done; stands beside its file.</summary>
internal sealed record ShardRecord
{
    public required long Points { get; init; }

    public required long Bytes { get; init; }

    /// <summary>SHA-256 of the file.</summary>
    public required string Sha256 { get; init; }

    public required long Ok { get; init; }

    public required long DoesNotFit { get; init; }

    /// <summary>Why points are not possible, with their numbers.</summary>
    public required SortedDictionary<string, long> Reasons { get; init; }

    public PointCounts ToCounts() => PointCounts.From(Ok, DoesNotFit, Reasons);
}
