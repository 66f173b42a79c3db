namespace Inferometer.Simulation.Serving;

/// <summary>How busy a simulated service was, from the first arrival to the last end, all requests counted.</summary>
public sealed record ServiceLoad
{
    private const double HoursPerMonth = 730; // 8,760 hours of a year over 12

    /// <summary>Devices of all replicas.</summary>
    public required int Devices { get; init; }

    /// <summary>Replicas.</summary>
    public required int Replicas { get; init; }

    /// <summary>From the first arrival to the last end, seconds.</summary>
    public required double DurationSeconds { get; init; }

    /// <summary>Steps of all replicas.</summary>
    public required long Steps { get; init; }

    /// <summary>Share of the time in which a replica ran a step, 0 to 1, averaged over replicas.</summary>
    public required double BusyShare { get; init; }

    /// <summary>Share of peak arithmetic, averaged over all time.</summary>
    public required double FlopUtilization { get; init; }

    /// <summary>Share of peak memory bandwidth, averaged over all time.</summary>
    public required double BandwidthUtilization { get; init; }

    /// <summary>Sequences in a step, averaged over the time of steps.</summary>
    public required double MeanBatch { get; init; }

    /// <summary>
    /// What measured requests took outside the engine's steps, on average, seconds: part of their time to first token.
    /// </summary>
    public double BesideSeconds { get; init; }

    /// <summary>
    /// What measured requests' prompts took beyond the steps that read them, on average, seconds: work that those who decode in these steps
    /// do not feel, and part of the time to first token.
    /// </summary>
    public double PromptLeftSeconds { get; init; }

    /// <summary>Tokens that the KV cache of one replica has room for.</summary>
    public required long KvCapacityTokens { get; init; }

    /// <summary>Share of the KV cache in use, averaged over all time and replicas.</summary>
    public required double MeanKvUse { get; init; }

    /// <summary>Largest share of a replica's KV cache that was in use at once.</summary>
    public required double PeakKvUse { get; init; }

    /// <summary>Energy of all devices, idle time included, joules; null where their power is not known.</summary>
    public double? Joules { get; init; }

    /// <summary>Rent of all devices for the whole time, US dollars; null where the price is not known.</summary>
    public double? CostUsd { get; init; }

    /// <summary>Requests completed, measured or not.</summary>
    public required long Completed { get; init; }

    /// <summary>Tokens generated for them.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>What it does while it is full; null = it was for too short a time.</summary>
    public SustainedRates? Sustained { get; init; }

    /// <summary>Energy over generated tokens, joules; null where either is not known.</summary>
    public double? JoulesPerOutputToken => OutputTokens > 0 ? Joules / OutputTokens : null;

    /// <summary>Mean power of all devices, watts; null where it is not known.</summary>
    public double? Watts => DurationSeconds > 0 ? Joules / DurationSeconds : null;

    /// <summary>
    /// Rent over completed requests, US dollars: at the sustained rate, or where there is none of all requests over all time; null where
    /// the price is not known.
    /// </summary>
    public double? CostPerRequestUsd => Sustained is { } full ? CostPerSecondUsd / full.RequestsPerSecond
        : Completed > 0 ? CostUsd / Completed
        : null;

    /// <summary>Likewise over generated tokens, US dollars per million.</summary>
    public double? CostPerMillionTokensUsd => Sustained is { } full ? CostPerSecondUsd / full.OutputTokensPerSecond * 1e6
        : OutputTokens > 0 ? CostUsd / OutputTokens * 1e6
        : null;

    /// <summary>Rent of all devices for a month of 730 hours, US dollars; null where the price is not known.</summary>
    public double? CostPerMonthUsd => CostPerSecondUsd * HoursPerMonth * 3600;

    private double? CostPerSecondUsd => DurationSeconds > 0 ? CostUsd / DurationSeconds : null;
}
