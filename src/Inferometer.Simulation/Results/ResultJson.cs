using System.Text.Json.Serialization;
using Inferometer.Simulation.Estimators;

namespace Inferometer.Simulation.Results;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(SimulationResult))]
[JsonSerializable(typeof(PrefillPerformance))]
[JsonSerializable(typeof(DecodePerformance))]
[JsonSerializable(typeof(EndToEndPerformance))]
[JsonSerializable(typeof(IReadOnlyList<ConfigurationPerformance>))]
internal sealed partial class ResultJson : JsonSerializerContext;
