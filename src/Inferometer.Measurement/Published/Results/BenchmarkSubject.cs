using Inferometer.Core;

namespace Inferometer.Measurement.Published.Results;

/// <summary>What ran, as far as whoever reads a benchmark's result knows it beside the file: benchmarks seldom know their server.</summary>
public sealed record BenchmarkSubject
{
    /// <summary>Model; null = as the file says.</summary>
    public string? Model { get; init; }

    /// <summary>Machine; null = as the file says.</summary>
    public string? System { get; init; }

    /// <summary>Framework; null = as the file says.</summary>
    public string? Framework { get; init; }

    /// <summary>Number format of the weights; null = as the file says.</summary>
    public string? Precision { get; init; }

    /// <summary>Number format of the KV cache; null = as the file says, or as checkpoints of the format have it.</summary>
    public string? KvPrecision { get; init; }

    /// <summary>Devices of a tensor-parallel group, at least 1.</summary>
    public int Tensor { get; init; } = 1;

    /// <summary>Ranks that replicate attention, at least 1.</summary>
    public int AttentionData { get; init; } = 1;

    /// <summary>Degree of expert parallelism, at least 1.</summary>
    public int Expert { get; init; } = 1;

    /// <summary>True where nothing is known beside the file.</summary>
    public bool IsEmpty => this == new BenchmarkSubject();

    /// <summary>The engine that is described.</summary>
    internal EnginePool Pool => new() { Tensor = Tensor, AttentionData = AttentionData, Expert = Expert };

    /// <summary>What is known beside the file, or what the file says.</summary>
    /// <param name="known">Known beside the file.</param>
    /// <param name="said">What the file says; null or empty = nothing.</param>
    /// <param name="where">What the error calls the row.</param>
    /// <param name="what">What it is, and the option that says it.</param>
    /// <exception cref="InferometerException">Neither says it.</exception>
    internal static string Require(string? known, string? said, string where, string what) =>
        known ?? (said is { Length: > 0 } ? said : throw new InferometerException($"{where}: it does not say {what}."));
}
