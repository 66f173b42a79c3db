using Inferometer.Core;
using Inferometer.Simulation.Compatibility;

namespace Inferometer.Simulation.Costs;

/// <summary>The cost models that can be chosen by name.</summary>
public static class CostModels
{
    /// <summary>Name of the one used when none is asked for.</summary>
    public const string Default = "calibrated";

    /// <summary>All of them, the default first.</summary>
    public static IReadOnlyList<ICostModel> All { get; } =
    [
        new CalibratedCostModel(),
        new RooflineCostModel(),
        new CompatibilityCostModel(CompatibilityDialect.Genz),
        new CompatibilityCostModel(CompatibilityDialect.Bud),
    ];

    /// <summary>One of some cost models by name.</summary>
    /// <param name="name">Its name; case does not count.</param>
    /// <param name="origin">Where the name came from, for the error.</param>
    /// <param name="among">What can be chosen; null = <see cref="All"/>.</param>
    /// <exception cref="InferometerException">No such cost model.</exception>
    public static ICostModel Find(string name, string origin, IReadOnlyList<ICostModel>? among = null)
    {
        among ??= All;
        return among.FirstOrDefault(m => string.Equals(m.Name, name, StringComparison.OrdinalIgnoreCase)) ?? throw new InferometerException(
            $"{origin}: '{name}' is not a cost model.{NameSuggestion.For(name, among.Select(m => m.Name))} "
            + $"Allowed: {string.Join(", ", among.Select(m => m.Name))}.");
    }
}
