namespace Inferometer.Simulation.Features;

/// <summary>One parameter a feature reads from <c>simulation_params</c>.</summary>
/// <param name="Name">Name, as written in a configuration.</param>
/// <param name="Description">What it means, with unit and allowed range.</param>
/// <param name="Default">Value used when it is not given, as text; null when it must be given.</param>
public sealed record FeatureParameter(string Name, string Description, string? Default)
{
    /// <summary>True when the feature cannot be used without it.</summary>
    public bool IsRequired => Default is null;
}
