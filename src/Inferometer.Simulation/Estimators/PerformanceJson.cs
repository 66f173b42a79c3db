using System.Text.Json.Serialization;

namespace Inferometer.Simulation.Estimators;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(PrefillPerformance))]
[JsonSerializable(typeof(DecodePerformance))]
[JsonSerializable(typeof(EndToEndPerformance))]
internal sealed partial class PerformanceJson : JsonSerializerContext;
