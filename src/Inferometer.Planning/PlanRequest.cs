using Inferometer.Core;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Deployments;

namespace Inferometer.Planning;

/// <summary>What a plan is asked for.</summary>
public sealed record PlanRequest
{
    /// <summary>The model: a name of the catalog, or a path.</summary>
    public required string Model { get; init; }

    /// <summary>Who asks how much.</summary>
    public required ServiceDemand Demand { get; init; }

    /// <summary>What must be kept.</summary>
    public required ServiceLevel Level { get; init; }

    /// <summary>What may be chosen from.</summary>
    public SearchSpace Space { get; init; } = new();

    /// <summary>Most devices of a deployment; null = as many as the load takes.</summary>
    public int? MaxDevices { get; init; }

    /// <summary>Most US dollars a month; null = no limit.</summary>
    public double? BudgetPerMonth { get; init; }

    /// <summary>Replicas beyond those that the load takes, for failures.</summary>
    public int Spares { get; init; }

    /// <summary>Share of the replicas that may be on spot, 0 to 1.</summary>
    public double SpotShare { get; init; }

    /// <summary>Equal seeds give equal plans.</summary>
    public ulong Seed { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="InferometerException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        Demand.Validate();
        Require(MaxDevices is null or >= 1, $"max devices: {MaxDevices}; allowed is 1 or more");
        Require(BudgetPerMonth is null or > 0, $"budget: {BudgetPerMonth}; allowed is above 0");
        Require(Spares >= 0, $"spares: {Spares}; allowed is 0 or more");
        Require(SpotShare is >= 0 and <= 1, $"spot share: {SpotShare}; allowed is 0 to 1");
    }

    private static void Require(bool sound, FormattableString what)
    {
        if (!sound)
        {
            throw new InferometerException($"plan: {FormattableString.Invariant(what)}.");
        }
    }
}
