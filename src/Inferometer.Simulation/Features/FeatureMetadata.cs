namespace Inferometer.Simulation.Features;

/// <summary>What a feature is, what it needs, and what it cannot be combined with.</summary>
public sealed record FeatureMetadata
{
    /// <summary>Name used in configurations: lower case with underscores.</summary>
    public required string Name { get; init; }

    /// <summary>What the feature is about.</summary>
    public required FeatureCategory Category { get; init; }

    /// <summary>One sentence: what changes when it is on.</summary>
    public required string Description { get; init; }

    /// <summary>Version of the feature.</summary>
    public string Version { get; init; } = "1.0";

    /// <summary>Features of which at least one must be on with it; empty = none.</summary>
    public IReadOnlyList<string> RequiresAnyOf { get; init; } = [];

    /// <summary>Features that cannot be on with it.</summary>
    public IReadOnlyList<string> ConflictsWith { get; init; } = [];

    /// <summary>
    /// Hooks run by rising order, then by name: phases have 0, number formats 10, parallelism 20, everything else 100, what depends on all
    /// the others 1000.
    /// </summary>
    public int Order { get; init; } = 100;

    /// <summary>
    /// What it changes beside the workload itself follows from the workload, so that what was prepared for one does not hold for another.
    /// </summary>
    public bool ReadsWorkload { get; init; }

    /// <summary>Parameters it reads.</summary>
    public IReadOnlyList<FeatureParameter> Parameters { get; init; } = [];
}
