using Inferometer.Core;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Deployments;

namespace Inferometer.Planning.Inventory;

/// <summary>The question the other way round: what can be served on devices that are there.</summary>
public sealed record InventoryRequest
{
    /// <summary>The devices; each system by itself, with one device where no number is said.</summary>
    public required EquatableList<SystemChoice> Systems { get; init; }

    /// <summary>Models by name or path; empty = all of the catalog.</summary>
    public EquatableList<string> Models { get; init; } = [];

    /// <summary>Lengths of requests; its users and rate do not count.</summary>
    public required ServiceDemand Requests { get; init; }

    /// <summary>What must be kept; null = that it fits is enough.</summary>
    public ServiceLevel? Level { get; init; }

    /// <summary>What may be chosen from; its systems do not count.</summary>
    public SearchSpace Space { get; init; } = new();
}
