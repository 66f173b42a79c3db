using Inferometer.Sweeps.Rows;

namespace Inferometer.Sweeps.Runs;

/// <summary>
/// What a sweep under way is: enough to do any shard of it elsewhere, and to tell whether a folder of shards belongs to it.
/// </summary>
public sealed record SweepManifest
{
    /// <summary>The space, as it was written.</summary>
    public required string SpaceText { get; init; }

    /// <summary>Where it was read from, for messages.</summary>
    public required string SpaceOrigin { get; init; }

    /// <summary>Settings of the service that the command line added, <c>name=value</c>.</summary>
    public required IReadOnlyList<string> Simulate { get; init; }

    /// <summary>Folder of the user's own catalog, in full; null = none.</summary>
    public string? Catalog { get; init; }

    /// <summary>Folder that paths of the space are relative to.</summary>
    public required string WorkingFolder { get; init; }

    /// <summary>Hash of the space, the catalog's files, the format and the program: equal ones make equal results.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Version of the program.</summary>
    public required string Program { get; init; }

    /// <summary>Format of the results.</summary>
    public required ResultFormat Format { get; init; }

    /// <summary>Number of points.</summary>
    public required long Points { get; init; }

    /// <summary>Points of a shard; the last may have fewer.</summary>
    public required long ShardPoints { get; init; }

    /// <summary>Number of shards.</summary>
    public int Shards => (int)((Points + ShardPoints - 1) / ShardPoints);

    /// <summary>The points of a shard.</summary>
    public (long First, long Count) Shard(int shard)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shard);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, Shards);
        long first = shard * ShardPoints;
        return (first, Math.Min(ShardPoints, Points - first));
    }
}
