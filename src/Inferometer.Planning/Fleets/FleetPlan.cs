using Inferometer.Core;
using Inferometer.Planning.Answers;

namespace Inferometer.Planning.Fleets;

/// <summary>One pool for all prompts beside two, split by length.</summary>
public sealed record FleetPlan
{
    /// <summary>What was asked.</summary>
    public required PlanRequest Request { get; init; }

    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>The cheapest single pool; null = none keeps the level.</summary>
    public PlanAnswer? Single { get; init; }

    /// <summary>The splits that were tried, by length.</summary>
    public required EquatableList<FleetSplit> Splits { get; init; }

    /// <summary>The cheapest split of which both pools keep the level; null = there is none.</summary>
    public FleetSplit? Best => Splits.Where(s => s.DollarsPerMonth is not null).MinBy(s => (s.DollarsPerMonth, s.Tokens));

    /// <summary>What two pools save of the cost of one, 0 to 1; below 0 where they cost more; null where either is not known.</summary>
    public double? Saved => 1 - (Best?.DollarsPerMonth / Single?.Provision.DollarsPerMonth);
}
