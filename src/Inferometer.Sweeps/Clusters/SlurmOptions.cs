namespace Inferometer.Sweeps.Clusters;

/// <summary>How a sweep is given to Slurm.</summary>
public sealed record SlurmOptions
{
    /// <summary>How the program is started on a node: file and first arguments.</summary>
    public required IReadOnlyList<string> Program { get; init; }

    /// <summary>Partition; null = the cluster's default.</summary>
    public string? Partition { get; init; }

    /// <summary>Apptainer image with the program; null = the program as it is on the nodes.</summary>
    public string? Container { get; init; }

    /// <summary>How often a shard that failed is given to another task.</summary>
    public int Retries { get; init; } = 3;

    /// <summary>Further options of sbatch.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Time between looks at the queue.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(2);
}
