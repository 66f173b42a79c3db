using System.Text.Json.Serialization;

namespace Inferometer.Sweeps.Runs;

/// <summary>How the files beside the shards are written.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(SweepManifest))]
[JsonSerializable(typeof(ShardRecord))]
internal sealed partial class RunJson : JsonSerializerContext;
