using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Results;

namespace Inferometer.Simulation;

/// <summary>
/// The figures of a simulation as results state them, from the totals of its phases. One place for a whole report and for a bare point of a
/// sweep, so that both say the same to the last bit.
/// </summary>
/// <param name="Type">What is covered.</param>
/// <param name="Request">The deployment.</param>
/// <param name="Point">The workload.</param>
/// <param name="Serving">What follows from the phases; default where there is no prefill.</param>
/// <param name="Last">The last phase: decode, where there is one.</param>
/// <param name="StepTokens">Tokens of the step of a chunked simulation.</param>
internal readonly record struct RunMetrics(
    SimulationType Type, EstimateRequest Request, WorkloadPoint Point, ServingMetrics Serving, PhaseTotals Last, double StepTokens)
{
    /// <summary>Latency, milliseconds.</summary>
    public double LatencyMs => Type switch
    {
        SimulationType.Decode => TokenSeconds * 1000,
        SimulationType.EndToEnd => Serving.EndToEndSeconds * 1000,
        _ => Last.LatencySeconds * 1000,
    };

    /// <summary>Tokens per second over the deployment.</summary>
    public double Throughput => Type switch
    {
        SimulationType.Prefill => Serving.PrefillTokensPerSecond,
        SimulationType.Decode => Point.BatchSize / TokenSeconds,
        SimulationType.EndToEnd => Serving.TotalTokensPerSecond,
        _ => StepTokens / Last.LatencySeconds,
    };

    /// <summary>Range of the latency, seconds; null where the cost model gives none.</summary>
    public Interval? Seconds => Type switch
    {
        SimulationType.Decode => TokenInterval,
        SimulationType.EndToEnd => Serving.EndToEndInterval,
        _ => Last.LatencyInterval,
    };

    // Time per output token, seconds.
    private double TokenSeconds => Last.LatencySeconds / Last.TokensPerStep;

    private Interval? TokenInterval => Last.LatencyInterval * (1 / Last.TokensPerStep);

    /// <summary>What users and operators see.</summary>
    /// <param name="throughput">Tokens per second over the deployment.</param>
    public SimulationMetrics ToMetrics(double throughput)
    {
        bool prefill = Type is SimulationType.Prefill or SimulationType.EndToEnd;
        bool decode = Type == SimulationType.Decode || (Type == SimulationType.EndToEnd && Point.OutputTokens > 1);
        bool whole = Type == SimulationType.EndToEnd;
        return new SimulationMetrics
        {
            TtftMs = prefill ? Serving.TimeToFirstTokenSeconds * 1000 : null,
            TtftIntervalMs = prefill ? Serving.TimeToFirstTokenInterval * 1000 : null,
            TpotMs = decode ? TokenSeconds * 1000 : null,
            TpotIntervalMs = decode ? TokenInterval * 1000 : null,
            ItlMs = decode ? Last.LatencySeconds * 1000 : null,
            ItlIntervalMs = decode ? Last.LatencyInterval * 1000 : null,
            E2eMs = whole ? Serving.EndToEndSeconds * 1000 : null,
            E2eIntervalMs = whole ? Serving.EndToEndInterval * 1000 : null,
            PrefillTokensPerSecond = prefill ? Serving.PrefillTokensPerSecond : null,
            DecodeTokensPerSecond = decode ? Point.BatchSize / TokenSeconds : null,
            OutputTokensPerSecond = whole ? Serving.OutputTokensPerSecond : null,
            TotalTokensPerSecond = whole ? Serving.TotalTokensPerSecond : null,
            RequestsPerSecond = whole ? Serving.RequestsPerSecond : null,
            TokensPerMs = throughput / 1000,
            MsPerToken = 1000 / throughput,
            AveragePowerWatts = whole ? Serving.AveragePowerWatts : null,
            EnergyPerTokenJoules = whole ? Serving.EnergyPerTokenJoules : null,
            CostPerHourUsd = Request.System.Device.PricePerHourUsd * Request.Parallelism.DeviceCount,
            CostPerMillionTokensUsd = whole ? Serving.CostPerMillionTokensUsd : null,
        };
    }
}
