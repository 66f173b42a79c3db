using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.Compatibility;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// Prices requests as one of the reproduced public simulators would, faults included; see docs/compatibility.md. What
/// those simulators cannot express is refused. A decode of one output token is their own evaluation at that length.
/// </summary>
public sealed class CompatibilityCostModel : ICostModel
{
    private const double Mib = 1024 * 1024;
    private readonly CompatibilitySimulator _simulator;

    /// <summary>Creates the cost model of one dialect.</summary>
    public CompatibilityCostModel(CompatibilityDialect dialect)
    {
        ArgumentNullException.ThrowIfNull(dialect);
        Name = dialect.Name;
        _simulator = new CompatibilitySimulator(dialect);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public EstimateReport Estimate(EstimateRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        PhaseEstimate prefill = Prefill(request);
        PhaseEstimate? decode = request.Workload.OutputTokens > 1 ? Decode(request) : null;
        return new EstimateReport
        {
            CostModel = Name,
            Prefill = prefill,
            Decode = decode,
            Memory = null,
            Metrics = ServingMetrics.From(new MetricInputs
            {
                BatchSize = request.Workload.BatchSize,
                InputTokens = request.Workload.InputTokens,
                OutputTokens = request.Workload.OutputTokens,
                Devices = request.Parallelism.DeviceCount,
                QueueingSeconds = request.QueueingSeconds,
                PrefillSeconds = prefill.LatencySeconds,
                StepSeconds = decode?.LatencySeconds ?? 0,
                TokensPerStep = decode?.TokensPerStep ?? 1,
                PrefillFlopUtilization = prefill.Totals.FlopUtilization,
                DecodeFlopUtilization = decode?.Totals.FlopUtilization ?? 0,
                PrefillBandwidthUtilization = prefill.Totals.BandwidthUtilization,
                DecodeBandwidthUtilization = decode?.Totals.BandwidthUtilization ?? 0,
                PrefillWatts = double.NaN,
                DecodeWatts = double.NaN,
                PricePerHourUsd = request.System.Device.PricePerHourUsd,
            }),
            Assumptions = prefill.Assumptions,
        };
    }

    /// <inheritdoc/>
    public PhaseEstimate Prefill(EstimateRequest request)
    {
        CompatibilitySetup setup = Setup(request);
        return Phase("prefill", request, _simulator.Prefill(setup, request.Workload.BatchSize, request.Workload.InputTokens));
    }

    /// <inheritdoc/>
    public PhaseEstimate Decode(EstimateRequest request)
    {
        CompatibilitySetup setup = Setup(request);
        Workload work = request.Workload;
        if (request.Speculative is not { } speculative)
        {
            return Phase("decode", request, _simulator.Decode(setup, work.BatchSize, work.InputTokens, work.OutputTokens, work.BeamWidth));
        }

        CompatibilityModel draft = CompatibilityModels.From(speculative.Draft ?? throw new InferometerException(
            $"The cost model '{Name}' knows speculative decoding with a draft model only; name a draft_model or use 'roofline'."));
        CompatibilityResult round = _simulator.SpeculativeDecode(
            setup, draft, work.BatchSize, work.InputTokens, work.OutputTokens, new(speculative.DraftTokens, speculative.AcceptanceRate));
        return Phase("decode", request, round) with { TokensPerStep = round.TokensPerRound ?? 1 };
    }

    /// <inheritdoc/>
    public PhaseEstimate MixedStep(EstimateRequest request, StepBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return Phase("mixed", request, _simulator.Chunked(
            Setup(request),
            [.. batch.Prefill.SelectMany(c => Enumerable.Repeat(new CompatibilityChunk(c.PastTokens, c.NewTokens), c.Count))],
            [.. batch.Decode.Select(d => CompatibilityDecodeEntry.OfEqual(d.Count, d.ContextTokens))]));
    }

    private CompatibilitySetup Setup(EstimateRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Refuse(request.Lora is not null, "LoRA adapters");
        Refuse(request.Offload is not null, "shares of offloaded memory");
        Refuse(request.Cpu is not null, "a choice of CPU cores");
        Refuse(request.KvCompression is not null, "KV compression");
        Refuse(request.Workload.CachedPrefixTokens > 0, "prefix caching");
        Refuse(request.CommunicationOverlap > 0, "overlap of computation and communication");
        PrecisionSet precisions = request.Precisions;
        return new CompatibilitySetup(
            CompatibilityModels.From(request.Architecture),
            CompatibilitySystems.From(request.System),
            CompatibilitySystems.From(request.Parallelism, precisions.Weights, precisions.Activations, precisions.KvCache));
    }

    private void Refuse(bool asked, string what)
    {
        if (asked)
        {
            throw new InferometerException($"The cost model '{Name}' does not know {what}; use 'roofline'.");
        }
    }

    private PhaseEstimate Phase(string phase, EstimateRequest request, CompatibilityResult result)
    {
        double seconds = result.LatencyMs / 1000;
        double peak = request.System.Device.PeakFor(request.Precisions.Weights.Math);
        OperatorRow[] rows = [.. result.Operators.Select(o => Row(o, request, peak))];
        double flops = result.Totals.MegaFlops * 1e6;
        double bytes = rows.Sum(r => r.MemoryBytes * r.Count);
        return new PhaseEstimate
        {
            CostModel = Name,
            Phase = phase,
            Totals = new PhaseTotals
            {
                LatencySeconds = seconds,
                SerialSeconds = result.Totals.LatencySumMs / 1000,
                CommunicationSeconds = result.Totals.CommunicationMs / 1000,
                Flops = flops,
                MemoryBytes = bytes,
                CollectiveBytes = rows.Sum(r => r.CollectiveBytes * r.Count),
                PeakActivationBytes = 0,
                FlopUtilization = flops / (seconds * peak),
                BandwidthUtilization = bytes / (seconds * request.System.Device.MemoryBandwidth),
            },
            Operators = new(rows),
            Groups = new(rows.GroupBy(r => r.Group).OrderBy(g => g.Key).Select(g => new GroupSeconds(g.Key, g.Sum(r => r.TotalSeconds)))),
            Assumptions = new([$"cost model: '{Name}' reproduces a public simulator, its known faults included (docs/compatibility.md)"]),
        };
    }

    private static OperatorRow Row(CompatibilityOperator o, EstimateRequest request, double peak)
    {
        bool attention = o.Kind is CompatibilityOperatorKind.Score or CompatibilityOperatorKind.Value;
        bool message = o.Kind == CompatibilityOperatorKind.Communication;
        double seconds = o.LatencyMs / 1000;
        double weights = o.WeightMib * Mib;
        double activations = (o.InputMib + o.OutputMib) * Mib;
        return new OperatorRow
        {
            Name = o.Name,
            LayerClass = o.Block is CompatibilityBlock.Attention or CompatibilityBlock.FeedForward ? 0 : -1,
            Group = message ? OperatorGroup.Collectives
                : attention ? OperatorGroup.Attention
                : o.Block == CompatibilityBlock.Attention ? OperatorGroup.AttentionProjection
                : o.Block == CompatibilityBlock.FeedForward ? OperatorGroup.FeedForward
                : OperatorGroup.Embedding,
            Count = o.Count,
            Flops = o.MegaFlops * 1e6,
            WeightBytes = attention || message ? 0 : weights,
            KvReadBytes = attention ? weights : 0,
            KvWriteBytes = 0,
            ActivationReadBytes = message ? 0 : o.InputMib * Mib,
            ActivationWriteBytes = message ? 0 : o.OutputMib * Mib,
            CollectiveBytes = message ? activations + weights : 0,
            Seconds = seconds,
            ComputeSeconds = o.ComputeMs / 1000,
            MemorySeconds = o.MemoryMs / 1000,
            OffloadSeconds = 0,
            NetworkSeconds = o.CommunicationMs / 1000,
            Bound = o.Bound switch
            {
                CompatibilityBound.Compute => OperatorBound.Compute,
                CompatibilityBound.Memory => OperatorBound.Memory,
                _ => OperatorBound.Network,
            },
            FlopUtilization = seconds > 0 ? o.MegaFlops * 1e6 / (seconds * peak) : 0,
            BandwidthUtilization = seconds > 0 && !message ? (weights + activations) / (seconds * request.System.Device.MemoryBandwidth) : 0,
        };
    }
}
