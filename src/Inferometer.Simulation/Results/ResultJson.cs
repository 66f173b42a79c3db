using System.Text.Json.Serialization;

namespace Inferometer.Simulation.Results;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(SimulationResult))]
internal sealed partial class ResultJson : JsonSerializerContext;
