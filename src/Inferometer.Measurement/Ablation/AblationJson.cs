using System.Text.Json.Serialization;

namespace Inferometer.Measurement.Ablation;

/// <summary>What a process that runs one configuration hands to the one that started it.</summary>
[JsonSerializable(typeof(WorkloadSample))]
internal sealed partial class AblationJson : JsonSerializerContext;
