using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.Compatibility;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// The plan of a reproduced simulator, which builds its graph anew for every phase, as the original does. It has no notion of a workload's
/// memory.
/// </summary>
internal sealed class CompatibilityPlan : ICostPlan
{
    private const double Mib = 1024 * 1024;
    private readonly CompatibilitySimulator _simulator;
    private readonly CompatibilitySetup _setup;
    private readonly double _peak;

    public CompatibilityPlan(string costModel, CompatibilitySimulator simulator, EstimateRequest request)
    {
        CostModel = costModel;
        Request = request;
        FrameworkUnknown.Refuse(request, costModel);
        Refuse(request.Lora is not null, "LoRA adapters");
        Refuse(request.Offload is not null, "shares of offloaded memory");
        Refuse(request.Cpu is not null, "a choice of CPU cores");
        Refuse(request.KvCompression is not null, "KV compression");
        Refuse(request.CommunicationOverlap > 0, "overlap of computation and communication");
        PrecisionSet precisions = request.Precisions;
        _simulator = simulator;
        _setup = new(
            CompatibilityModels.From(request.Architecture),
            CompatibilitySystems.From(request.System),
            CompatibilitySystems.From(request.Parallelism, precisions.Weights, precisions.Activations, precisions.KvCache));
        _peak = request.System.Device.PeakFor(precisions.Weights.Math);
    }

    public string CostModel { get; }

    public EstimateRequest Request { get; }

    public EquatableList<string> Assumptions =>
        [$"cost model: '{CostModel}' reproduces a public simulator, its known faults included (docs/compatibility.md)"];

    public double? KvBytesPerToken => null;

    public PhaseTotals Prefill(in WorkloadPoint point, ICollection<OperatorRow>? rows = null)
    {
        RefusePrefix(point);
        return Totals(_simulator.Prefill(_setup, point.BatchSize, point.InputTokens), rows);
    }

    public PhaseTotals Decode(in WorkloadPoint point, ICollection<OperatorRow>? rows = null)
    {
        RefusePrefix(point);
        if (Request.Speculative is not { } speculative)
        {
            return Totals(_simulator.Decode(_setup, point.BatchSize, point.InputTokens, point.OutputTokens, point.BeamWidth), rows);
        }

        CompatibilityModel draft = CompatibilityModels.From(speculative.Draft ?? throw new InferometerException(
            $"The cost model '{CostModel}' knows speculative decoding with a draft model only; name a draft_model or use 'roofline'."));
        return Totals(
            _simulator.SpeculativeDecode(
                _setup,
                draft,
                point.BatchSize,
                point.InputTokens,
                point.OutputTokens,
                new(speculative.DraftTokens, speculative.AcceptanceRate)),
            rows);
    }

    // Sequences that check drafted tokens are chunks to these simulators.
    public PhaseTotals Step(ReadOnlySpan<PrefillChunk> prefill, ReadOnlySpan<DecodeGroup> decode, ICollection<OperatorRow>? rows = null)
    {
        List<CompatibilityChunk> chunks = [];
        List<CompatibilityDecodeEntry> decodes = [];
        foreach (PrefillChunk chunk in prefill)
        {
            chunks.AddRange(Enumerable.Repeat(new CompatibilityChunk(chunk.PastTokens, chunk.NewTokens), chunk.Count));
        }

        foreach (DecodeGroup group in decode)
        {
            if (group.NewTokens > 1)
            {
                chunks.AddRange(
                    Enumerable.Repeat(new CompatibilityChunk(group.ContextTokens - group.NewTokens, group.NewTokens), group.Count));
            }
            else
            {
                decodes.Add(CompatibilityDecodeEntry.OfEqual(group.Count, group.ContextTokens));
            }
        }

        return Totals(_simulator.Chunked(_setup, chunks, decodes), rows);
    }

    public MemoryTotals? Memory(in WorkloadPoint point, double? activationBytes = null) => null;

    private void RefusePrefix(in WorkloadPoint point) => Refuse(point.CachedPrefixTokens > 0, "prefix caching");

    private void Refuse(bool asked, string what)
    {
        if (asked)
        {
            throw new InferometerException($"The cost model '{CostModel}' does not know {what}; use 'roofline'.");
        }
    }

    private PhaseTotals Totals(CompatibilityResult result, ICollection<OperatorRow>? rows)
    {
        double seconds = result.LatencyMs / 1000;
        double flops = result.Totals.MegaFlops * 1e6;
        double bytes = 0;
        double messages = 0;
        foreach (CompatibilityOperator o in result.Operators)
        {
            OperatorRow row = Row(o);
            bytes += row.MemoryBytes * row.Count;
            messages += row.CollectiveBytes * row.Count;
            rows?.Add(row);
        }

        return new PhaseTotals
        {
            LatencySeconds = seconds,
            TokensPerStep = result.TokensPerRound ?? 1,
            SerialSeconds = result.Totals.LatencySumMs / 1000,
            CommunicationSeconds = result.Totals.CommunicationMs / 1000,
            Flops = flops,
            MemoryBytes = bytes,
            CollectiveBytes = messages,
            FlopUtilization = flops / (seconds * _peak),
            BandwidthUtilization = bytes / (seconds * Request.System.Device.MemoryBandwidth),
        };
    }

    private OperatorRow Row(CompatibilityOperator o)
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
            FlopUtilization = seconds > 0 ? o.MegaFlops * 1e6 / (seconds * _peak) : 0,
            BandwidthUtilization = seconds > 0 && !message
                ? (weights + activations) / (seconds * Request.System.Device.MemoryBandwidth)
                : 0,
        };
    }
}
