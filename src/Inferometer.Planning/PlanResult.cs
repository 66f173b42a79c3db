using Inferometer.Core;
using Inferometer.Planning.Answers;
using Inferometer.Planning.Screening;

namespace Inferometer.Planning;

/// <summary>What a plan came to.</summary>
public sealed record PlanResult
{
    /// <summary>What was asked.</summary>
    public required PlanRequest Request { get; init; }

    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Deployments that were looked at.</summary>
    public required int Deployments { get; init; }

    /// <summary>Simulations that were run.</summary>
    public required int Simulations { get; init; }

    /// <summary>The one that costs least; null = none keeps the level, or no price is known.</summary>
    public PlanAnswer? Cheapest { get; init; }

    /// <summary>The one with the fewest devices; null = none keeps the level.</summary>
    public PlanAnswer? Smallest { get; init; }

    /// <summary>
    /// The one that is fastest for a user with the fewest replicas that keep the level, within the budget or twice what the cheapest costs;
    /// null = none keeps it.
    /// </summary>
    public PlanAnswer? Fastest { get; init; }

    /// <summary>The deployment that should be chosen: the cheapest, or without prices the smallest; null = none keeps the level.</summary>
    public PlanAnswer? Chosen => Cheapest ?? Smallest;

    /// <summary>How much more the chosen one carries; null = there is none.</summary>
    public Headroom? Headroom { get; init; }

    /// <summary>What happens when one of its replicas dies; null = there is none.</summary>
    public FailureOutcome? Failure { get; init; }

    /// <summary>What changes of the question would save, the one that saves most first.</summary>
    public EquatableList<Sensitivity> Sensitivities { get; init; } = [];

    /// <summary>Why the others are not the answer, by constraint.</summary>
    public required EquatableList<RejectionGroup> Rejections { get; init; }

    /// <summary>Throughput of a device against speed for a user, at loads from one request on.</summary>
    public required EquatableList<ParetoPoint> Front { get; init; }

    /// <summary>The nearest where none keeps the level; null = one does, or nothing was looked at.</summary>
    public NearMiss? Nearest { get; init; }

    /// <summary>What was assumed, one sentence each.</summary>
    public required EquatableList<string> Assumptions { get; init; }
}
