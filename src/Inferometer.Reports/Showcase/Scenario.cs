using Inferometer.Simulation.Configuration;

namespace Inferometer.Reports.Showcase;

/// <summary>One station of the tour: estimates in which one thing changes.</summary>
/// <param name="Key">Name in JSON.</param>
/// <param name="Title">Heading.</param>
/// <param name="Cases">The estimates with what each is called.</param>
/// <param name="HasBaseline">The first case is what the others are measured against.</param>
public sealed record Scenario(
    string Key, string Title, IReadOnlyList<(string Label, SimulationConfig Config)> Cases, bool HasBaseline = false);
