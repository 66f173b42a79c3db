using System.Text.Json.Nodes;

namespace Inferometer.Simulation.Planning;

/// <summary>A single change of a configuration.</summary>
/// <param name="Parameter">Name of the parameter, or <c>group.member</c>.</param>
/// <param name="Value">Its new value.</param>
public sealed record FittingChange(string Parameter, JsonValue Value);
