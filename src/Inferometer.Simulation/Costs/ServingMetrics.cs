using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// What users and operators of a deployment see. All formulas are in this file and in docs/metrics.md: the prefill step
/// yields the first token, so N output tokens take N - 1 decode steps.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ServingMetrics
{
    /// <summary>Queueing + prefill, seconds.</summary>
    public double TimeToFirstTokenSeconds { get; init; }

    /// <summary>Range the time to first token is expected in, seconds; null where the cost model gives none.</summary>
    public Interval? TimeToFirstTokenInterval { get; init; }

    /// <summary>
    /// Decode time / (N - 1), seconds; 0 when only one token is generated. A step is per token already: never divided again.
    /// </summary>
    public double TimePerOutputTokenSeconds { get; init; }

    /// <summary>Range the time per output token is expected in, seconds; null where the cost model gives none.</summary>
    public Interval? TimePerOutputTokenInterval { get; init; }

    /// <summary>Time between two steps that deliver tokens, seconds: equal to TPOT, or a whole round when decoding speculatively.</summary>
    public double InterTokenLatencySeconds { get; init; }

    /// <summary>Range the inter-token latency is expected in, seconds; null where the cost model gives none.</summary>
    public Interval? InterTokenLatencyInterval { get; init; }

    /// <summary>TTFT + (N - 1) x TPOT, seconds.</summary>
    public double EndToEndSeconds { get; init; }

    /// <summary>Range the end-to-end time is expected in, seconds; null where the cost model gives none.</summary>
    public Interval? EndToEndInterval { get; init; }

    /// <summary>Prompt tokens (cached prefixes included) per second of prefill, over the deployment.</summary>
    public double PrefillTokensPerSecond { get; init; }

    /// <summary>Generated tokens per second of decode, over the deployment: batch / TPOT.</summary>
    public double DecodeTokensPerSecond { get; init; }

    /// <summary>Generated tokens per second of the whole request: batch x N / E2E.</summary>
    public double OutputTokensPerSecond { get; init; }

    /// <summary>Prompt and generated tokens per second of the whole request: batch x (I + N) / E2E.</summary>
    public double TotalTokensPerSecond { get; init; }

    /// <summary>Requests per second: batch / E2E.</summary>
    public double RequestsPerSecond { get; init; }

    /// <summary>Share of peak arithmetic during prefill.</summary>
    public double PrefillFlopUtilization { get; init; }

    /// <summary>Share of peak arithmetic during decode.</summary>
    public double DecodeFlopUtilization { get; init; }

    /// <summary>Share of peak memory bandwidth during prefill.</summary>
    public double PrefillBandwidthUtilization { get; init; }

    /// <summary>Share of peak memory bandwidth during decode.</summary>
    public double DecodeBandwidthUtilization { get; init; }

    /// <summary>Mean power of the deployment, watts; null where the TDP is not known.</summary>
    public double? AveragePowerWatts { get; init; }

    /// <summary>Energy per generated token, joules; null where the TDP is not known.</summary>
    public double? EnergyPerTokenJoules { get; init; }

    /// <summary>US dollars per million generated tokens; null where the price is not known.</summary>
    public double? CostPerMillionTokensUsd { get; init; }

    /// <summary>Derives the metrics from the two phases.</summary>
    internal static ServingMetrics From(in MetricInputs x)
    {
        double decodeTokens = x.OutputTokens - 1;
        double tpot = decodeTokens > 0 ? x.StepSeconds / x.TokensPerStep : 0;
        double ttft = x.QueueingSeconds + x.PrefillSeconds;
        double decode = decodeTokens * tpot;
        double endToEnd = ttft + decode;
        double generated = (double)x.BatchSize * x.OutputTokens;
        double busy = x.PrefillSeconds + decode;
        Interval? ttftInterval = x.PrefillInterval is { } prefill ? prefill + x.QueueingSeconds : null;
        Interval? step = decodeTokens > 0 ? x.StepInterval : null;
        Interval? tpotInterval = step is { } s ? s * (1 / x.TokensPerStep) : null;
        double joules = x.Devices * ((x.PrefillWatts * x.PrefillSeconds) + (x.DecodeWatts * decode));
        return new()
        {
            TimeToFirstTokenSeconds = ttft,
            TimeToFirstTokenInterval = ttftInterval,
            TimePerOutputTokenSeconds = tpot,
            TimePerOutputTokenInterval = tpotInterval,
            InterTokenLatencySeconds = decodeTokens > 0 ? x.StepSeconds : 0,
            InterTokenLatencyInterval = step,
            EndToEndSeconds = endToEnd,
            EndToEndInterval = decodeTokens > 0 ? ttftInterval + (tpotInterval * decodeTokens) : ttftInterval,
            PrefillTokensPerSecond = (double)x.BatchSize * x.InputTokens / x.PrefillSeconds,
            DecodeTokensPerSecond = tpot > 0 ? x.BatchSize / tpot : 0,
            OutputTokensPerSecond = generated / endToEnd,
            TotalTokensPerSecond = x.BatchSize * ((double)x.InputTokens + x.OutputTokens) / endToEnd,
            RequestsPerSecond = x.BatchSize / endToEnd,
            PrefillFlopUtilization = x.PrefillFlopUtilization,
            DecodeFlopUtilization = x.DecodeFlopUtilization,
            PrefillBandwidthUtilization = x.PrefillBandwidthUtilization,
            DecodeBandwidthUtilization = x.DecodeBandwidthUtilization,
            AveragePowerWatts = double.IsNaN(joules) ? null : joules / busy,
            EnergyPerTokenJoules = double.IsNaN(joules) ? null : joules / generated,
            CostPerMillionTokensUsd = x.PricePerHourUsd is { } price ? price * x.Devices * busy / 3600 / generated * 1e6 : null,
        };
    }
}

/// <summary>What the metrics follow from. Rates and powers are per device.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MetricInputs
{
    public int BatchSize { get; init; }

    public int InputTokens { get; init; }

    public int OutputTokens { get; init; }

    public int Devices { get; init; }

    public double QueueingSeconds { get; init; }

    public double PrefillSeconds { get; init; }

    public Interval? PrefillInterval { get; init; }

    /// <summary>Mean decode step (speculative: round).</summary>
    public double StepSeconds { get; init; }

    public Interval? StepInterval { get; init; }

    public double TokensPerStep { get; init; }

    public double PrefillFlopUtilization { get; init; }

    public double DecodeFlopUtilization { get; init; }

    public double PrefillBandwidthUtilization { get; init; }

    public double DecodeBandwidthUtilization { get; init; }

    public double PrefillWatts { get; init; }

    public double DecodeWatts { get; init; }

    public double? PricePerHourUsd { get; init; }
}
