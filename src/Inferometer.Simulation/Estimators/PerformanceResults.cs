using System.Text.Json;
using System.Text.Json.Serialization;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Estimators;

/// <summary>
/// What <see cref="PerformanceEstimator.EstimatePrefillPerformance"/> returns; serialises under the API's own names. Milliseconds, tokens
/// per second.
/// </summary>
public sealed record PrefillPerformance
{
    /// <summary>Time of the whole prompt, milliseconds.</summary>
    [JsonPropertyName("Latency")]
    public required double Latency { get; init; }

    /// <summary>Prompt tokens per second.</summary>
    [JsonPropertyName("Throughput")]
    public required double Throughput { get; init; }

    /// <summary>Time to first token, milliseconds.</summary>
    [JsonPropertyName("TTFT")]
    public required double TimeToFirstToken { get; init; }

    /// <summary>Memory of the fullest device; null where the cost model has no notion of it.</summary>
    [JsonPropertyName("Memory_used")]
    public required MemoryEstimate? MemoryUsed { get; init; }

    /// <summary>Milliseconds by part of the network, messages left out.</summary>
    [JsonPropertyName("Compute_breakdown")]
    public required IReadOnlyDictionary<string, double> ComputeBreakdown { get; init; }

    /// <summary>Milliseconds of messages by kind.</summary>
    [JsonPropertyName("Communication_breakdown")]
    public required IReadOnlyDictionary<string, double> CommunicationBreakdown { get; init; }

    /// <summary>Writes indented JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, PerformanceJson.Default.PrefillPerformance);
}

/// <summary>
/// What <see cref="PerformanceEstimator.EstimateDecodePerformance"/> returns; serialises under the API's own names. Milliseconds, tokens
/// per second.
/// </summary>
public sealed record DecodePerformance
{
    /// <summary>Time of one token of every sequence, milliseconds.</summary>
    [JsonPropertyName("Latency")]
    public required double Latency { get; init; }

    /// <summary>Time of all decode steps, milliseconds: (N - 1) x TPOT, or one step when one token is asked for.</summary>
    [JsonPropertyName("Total_latency")]
    public required double TotalLatency { get; init; }

    /// <summary>Time per output token, milliseconds: the same as <see cref="Latency"/>, never divided again.</summary>
    [JsonPropertyName("TPOT")]
    public required double TimePerOutputToken { get; init; }

    /// <summary>Generated tokens per second over the batch.</summary>
    [JsonPropertyName("Throughput")]
    public required double Throughput { get; init; }

    /// <summary>Tokens per second over batch and beams.</summary>
    [JsonPropertyName("Effective_throughput")]
    public required double EffectiveThroughput { get; init; }

    /// <summary>Memory of the fullest device; null where the cost model has no notion of it.</summary>
    [JsonPropertyName("Memory_used")]
    public required MemoryEstimate? MemoryUsed { get; init; }

    /// <summary>Milliseconds by part of the network, messages left out.</summary>
    [JsonPropertyName("Compute_breakdown")]
    public required IReadOnlyDictionary<string, double> ComputeBreakdown { get; init; }

    /// <summary>Milliseconds of messages by kind.</summary>
    [JsonPropertyName("Communication_breakdown")]
    public required IReadOnlyDictionary<string, double> CommunicationBreakdown { get; init; }

    /// <summary>Writes indented JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, PerformanceJson.Default.DecodePerformance);
}

/// <summary>
/// What <see cref="PerformanceEstimator.EstimateEndToEndPerformance"/> returns; serialises under the API's own names. Milliseconds, tokens
/// per second.
/// </summary>
public sealed record EndToEndPerformance
{
    /// <summary>TTFT + (N - 1) x TPOT, milliseconds.</summary>
    [JsonPropertyName("total_latency")]
    public required double TotalLatency { get; init; }

    /// <summary>Time to first token, milliseconds.</summary>
    [JsonPropertyName("ttft")]
    public required double TimeToFirstToken { get; init; }

    /// <summary>Time per output token after the first, milliseconds; 0 when one token is generated.</summary>
    [JsonPropertyName("average_tpot")]
    public required double AverageTimePerOutputToken { get; init; }

    /// <summary>Prompt and generated tokens per second.</summary>
    [JsonPropertyName("total_throughput")]
    public required double TotalThroughput { get; init; }

    /// <summary>The prefill phase by itself.</summary>
    [JsonPropertyName("prefill")]
    public required PrefillPerformance Prefill { get; init; }

    /// <summary>The decode phase by itself.</summary>
    [JsonPropertyName("decode")]
    public required DecodePerformance Decode { get; init; }

    /// <summary>Writes indented JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, PerformanceJson.Default.EndToEndPerformance);
}

/// <summary>One row of <see cref="PerformanceEstimator.ComparePerformanceConfigurations"/>.</summary>
public sealed record ConfigurationPerformance
{
    /// <summary>Name of the configuration.</summary>
    [JsonPropertyName("config_name")]
    public required string ConfigurationName { get; init; }

    /// <summary>The figures; null when the configuration is impossible.</summary>
    [JsonPropertyName("performance")]
    public EndToEndPerformance? Performance { get; init; }

    /// <summary>Why there are no figures; null when there are.</summary>
    [JsonPropertyName("error")]
    public string? Error { get; init; }
}
