using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Runs;

/// <summary>A sweep to be made.</summary>
public sealed record SweepRequest
{
    /// <summary>File of the space.</summary>
    public required string SpaceFile { get; init; }

    /// <summary>File of the results; its ending says the format.</summary>
    public required string Output { get; init; }

    /// <summary>What can be said of points.</summary>
    public required IPointReader Points { get; init; }

    /// <summary>Settings of a service beside the space's, <c>name=value</c>.</summary>
    public IReadOnlyList<string> Simulate { get; init; } = [];

    /// <summary>Folder of the user's own catalog, which <see cref="Points"/> looks names up in; null = none.</summary>
    public string? Catalog { get; init; }

    /// <summary>Shards are thrown away that an earlier run of another space left; otherwise they are an error.</summary>
    public bool Restart { get; init; }

    /// <summary>Number of shards; null = as the engine has it.</summary>
    public int? Shards { get; init; }
}
