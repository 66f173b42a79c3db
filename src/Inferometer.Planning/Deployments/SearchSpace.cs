using Inferometer.Core;

namespace Inferometer.Planning.Deployments;

/// <summary>What a search may choose from. An empty list = what is usual, which the programs' data say.</summary>
public sealed record SearchSpace
{
    /// <summary>Systems; empty = all of the catalog that have a price.</summary>
    public EquatableList<SystemChoice> Systems { get; init; } = [];

    /// <summary>Frameworks by name.</summary>
    public EquatableList<string> Frameworks { get; init; } = [];

    /// <summary>Formats of weights.</summary>
    public EquatableList<string> Weights { get; init; } = [];

    /// <summary>Formats of the cache, compressed ones too.</summary>
    public EquatableList<string> KvCaches { get; init; } = [];

    /// <summary>Tensor-parallel degrees; empty = powers of two up to a node.</summary>
    public EquatableList<int> Tensor { get; init; } = [];

    /// <summary>Pipeline-parallel degrees; empty = over nodes that are full, or by two over the devices of one.</summary>
    public EquatableList<int> Pipeline { get; init; } = [];

    /// <summary>Most sequences of a step.</summary>
    public EquatableList<int> Sequences { get; init; } = [];

    /// <summary>Most tokens of a step.</summary>
    public EquatableList<int> StepTokens { get; init; } = [];

    /// <summary>Replicas that read prompts and decode.</summary>
    public bool Aggregated { get; init; } = true;

    /// <summary>Replicas for each of the two.</summary>
    public bool Disaggregated { get; init; } = true;
}
