using Inferometer.Cli.Settings;

namespace Inferometer.Cli.Showcase;

/// <summary>One station of the tour: estimates in which one thing changes.</summary>
/// <param name="Key">Name in JSON.</param>
/// <param name="Title">Heading.</param>
/// <param name="Cases">The estimates with what each is called.</param>
/// <param name="HasBaseline">The first case is what the others are measured against.</param>
internal sealed record Scenario(string Key, string Title, IReadOnlyList<(string Label, EstimateSettings Settings)> Cases, bool HasBaseline = false);
