using System.Text.Json.Nodes;

namespace Inferometer.Simulation.Planning;

/// <summary>What an option says of a setting.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Value">What is said of it; null = nothing.</param>
public sealed record SaidValue(EstimateSetting Setting, JsonNode? Value)
{
    /// <summary>Reads a text for a setting, or for the one it includes.</summary>
    /// <exception cref="Core.InferometerException">Neither takes it.</exception>
    public static SaidValue Read(EstimateSetting setting, string text)
    {
        ArgumentNullException.ThrowIfNull(setting);
        (EstimateSetting of, JsonNode? value) = setting.ReadFor(text);
        return new SaidValue(of, value);
    }
}
