using System.Text.Json.Nodes;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Settings;

/// <summary>What an option says of a setting; null = nothing.</summary>
internal sealed record SaidValue(EstimateSetting Setting, JsonNode? Value);
