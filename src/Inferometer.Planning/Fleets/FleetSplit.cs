using Inferometer.Planning.Answers;

namespace Inferometer.Planning.Fleets;

/// <summary>Two pools: prompts up to a length, and longer ones.</summary>
/// <param name="Tokens">Longest prompt of the pool of short ones.</param>
/// <param name="ShortShare">Share of the requests that go there.</param>
/// <param name="Short">The cheapest deployment for these; null = none keeps the level.</param>
/// <param name="Long">The cheapest deployment for the others; null = none keeps the level.</param>
public sealed record FleetSplit(int Tokens, double ShortShare, PlanAnswer? Short, PlanAnswer? Long)
{
    /// <summary>What both cost, US dollars a month; null = one keeps no level or has no price.</summary>
    public double? DollarsPerMonth => Short?.Provision.DollarsPerMonth + Long?.Provision.DollarsPerMonth;
}
