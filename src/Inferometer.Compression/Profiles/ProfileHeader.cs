using System.Text.Json.Serialization;

namespace Inferometer.Compression.Profiles;

/// <summary>What a profile file says beside its tensors.</summary>
internal sealed record ProfileHeader
{
    public int Version { get; init; }

    public string Method { get; init; } = "";

    public string Fingerprint { get; init; } = "";

    public string CalibrationText { get; init; } = "";

    public long CalibrationTokens { get; init; }

    public string HoldOutText { get; init; } = "";

    /// <summary>KV heads that share latents.</summary>
    public int HeadGroupSize { get; init; }

    /// <summary>Head groups of each layer.</summary>
    public int[] Groups { get; init; } = [];

    public LevelHeader[] Levels { get; init; } = [];
}

/// <summary>
/// A level; formats are written per head group as <c>16x8,32x4/16x4</c>: segments of keys, then of values, numbers x bits.
/// </summary>
internal sealed record LevelHeader(string Name, double PerplexityBound, ProfileLoss Loss, string[][] Formats);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ProfileHeader))]
internal sealed partial class ProfileJson : JsonSerializerContext;
