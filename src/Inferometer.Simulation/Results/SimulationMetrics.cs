using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Results;

/// <summary>The metrics of <see cref="ServingMetrics"/> in milliseconds; a metric the simulation does not cover is null.</summary>
public sealed record SimulationMetrics
{
    /// <summary>Time to first token: queueing and prefill.</summary>
    public double? TtftMs { get; init; }

    /// <summary>Range TTFT is expected in; null where the cost model gives none.</summary>
    public Interval? TtftIntervalMs { get; init; }

    /// <summary>Time per output token after the first.</summary>
    public double? TpotMs { get; init; }

    /// <summary>Range TPOT is expected in; null where the cost model gives none.</summary>
    public Interval? TpotIntervalMs { get; init; }

    /// <summary>Time between two deliveries of tokens.</summary>
    public double? ItlMs { get; init; }

    /// <summary>Range the time between deliveries is expected in; null where the cost model gives none.</summary>
    public Interval? ItlIntervalMs { get; init; }

    /// <summary>End-to-end latency: TTFT + (N - 1) x TPOT.</summary>
    public double? E2eMs { get; init; }

    /// <summary>Range the end-to-end latency is expected in; null where the cost model gives none.</summary>
    public Interval? E2eIntervalMs { get; init; }

    /// <summary>Prompt tokens per second of prefill.</summary>
    public double? PrefillTokensPerSecond { get; init; }

    /// <summary>Generated tokens per second of decode.</summary>
    public double? DecodeTokensPerSecond { get; init; }

    /// <summary>Generated tokens per second of the whole request.</summary>
    public double? OutputTokensPerSecond { get; init; }

    /// <summary>Prompt and generated tokens per second of the whole request.</summary>
    public double? TotalTokensPerSecond { get; init; }

    /// <summary>Requests per second.</summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>Tokens of <see cref="SimulationResult.Throughput"/> per millisecond.</summary>
    public double? TokensPerMs { get; init; }

    /// <summary>Milliseconds per token of <see cref="SimulationResult.Throughput"/>.</summary>
    public double? MsPerToken { get; init; }

    /// <summary>Mean power of the deployment, watts.</summary>
    public double? AveragePowerWatts { get; init; }

    /// <summary>Energy per generated token, joules.</summary>
    public double? EnergyPerTokenJoules { get; init; }

    /// <summary>US dollars per hour, all devices.</summary>
    public double? CostPerHourUsd { get; init; }

    /// <summary>US dollars per million generated tokens.</summary>
    public double? CostPerMillionTokensUsd { get; init; }
}
