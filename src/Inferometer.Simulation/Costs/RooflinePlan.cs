using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>The roofline's plan: compiled operators, evaluated for each step from a few sums over its batch. Reuses its buffers.</summary>
internal sealed class RooflinePlan : ICostPlan
{
    private readonly DeploymentProfile _profile;
    private readonly PipelineLayout _layout;
    private readonly StepCosting _costing;
    private readonly StepState _prefill;
    private readonly StepState _decode;
    private readonly RooflinePlan? _draft;
    private EquatableList<string>? _assumptions;

    public RooflinePlan(string costModel, EstimateRequest request, OperatorRates? rates = null)
    {
        CostModel = costModel;
        Request = request;
        _profile = new(request, rates);
        SharedTables tables = new();
        _layout = new(_profile, tables);
        _costing = new(_profile, _layout);
        _prefill = new(tables, 1);
        _decode = new(tables, request.Speculative is { } s ? s.DraftTokens + 1 : 1);
        _draft = request.Speculative?.Draft is { } draft ? new(costModel, DraftRequest(request, draft), rates) : null;
        KvBytesPerToken = KvBytesOfOneToken();
    }

    public string CostModel { get; }

    public EstimateRequest Request { get; }

    public EquatableList<string> Assumptions => _assumptions ??= Costs.Assumptions.Of(_profile);

    public double? KvBytesPerToken { get; }

    public IReadOnlyList<WeightUse> Weights => WeightUses.Of(_profile, _layout);

    internal int Priced => _costing.Priced;

    public PhaseTotals Prefill(in WorkloadPoint point, ICollection<OperatorRow>? rows = null)
    {
        double draft = _draft?.Prefill(point).LatencySeconds ?? 0;
        SetPrefill(point);
        return _costing.Cost(_prefill, rows, draft);
    }

    public PhaseTotals Decode(in WorkloadPoint point, ICollection<OperatorRow>? rows = null)
    {
        SpeculativeSpec? speculative = Request.Speculative;
        double draft = _draft is null ? 0 : speculative!.DraftTokens * _draft.Decode(point).LatencySeconds;
        SetDecode(point);
        return _costing.Cost(_decode, rows, draft, speculative?.ExpectedTokens ?? 1);
    }

    public PhaseTotals Step(ReadOnlySpan<PrefillChunk> prefill, ReadOnlySpan<DecodeGroup> decode, ICollection<OperatorRow>? rows = null)
    {
        int sequences = 0;
        foreach (PrefillChunk chunk in prefill)
        {
            sequences += chunk.Count;
        }

        foreach (DecodeGroup group in decode)
        {
            sequences += group.Count;
        }

        if (sequences < 1)
        {
            throw new InferometerException("step: the batch is empty; it needs at least one prompt chunk or decoding sequence.");
        }

        _prefill.SetMixed(prefill, decode, MicroBatches(sequences));
        return _costing.Cost(_prefill, rows);
    }

    public MemoryTotals? Memory(in WorkloadPoint point, double? activationBytes = null)
    {
        RequestValidation.Check(point);
        double activations = activationBytes ?? PeakActivationBytes(point);
        OffloadSpec? offload = Request.Offload;
        double weightShare = offload?.WeightShare ?? 0;
        double kvShare = offload?.KvShare ?? 0;
        MemoryTotals worst = default;
        for (int stage = 0; stage < _layout.Stages; stage++)
        {
            (double weights, double kv) = StageBytes(stage, point);
            if (_draft is not null && stage < _draft._layout.Stages)
            {
                (double draftWeights, double draftKv) = _draft.StageBytes(stage, point);
                (weights, kv) = (weights + draftWeights, kv + draftKv);
            }

            MemoryTotals use = new()
            {
                WeightBytes = (1 - weightShare) * weights,
                KvCacheBytes = (1 - kvShare) * kv,
                ActivationBytes = activations,
                ReservedBytes = _profile.Device.Efficiency.ReservedBytes,
                CapacityBytes = _profile.Device.MemoryBytes,
                OffloadedBytes = (weightShare * weights) + (kvShare * kv),
            };
            worst = stage == 0 || use.TotalBytes > worst.TotalBytes ? use : worst;
        }

        return worst;
    }

    private void SetPrefill(in WorkloadPoint point)
    {
        RequestValidation.Check(point);
        int requests = RankBatch(point.BatchSize);
        _prefill.SetPrefill(requests, point.CachedPrefixTokens, point.InputTokens - point.CachedPrefixTokens, MicroBatches(requests));
    }

    // Prefill yields the first token, so that N tokens take N - 1 steps; by itself a decode has at least one.
    private void SetDecode(in WorkloadPoint point)
    {
        RequestValidation.Check(point);
        int requests = RankBatch(point.BatchSize);
        _decode.SetDecode(requests, point.BeamWidth, point.InputTokens, Math.Max(1, point.OutputTokens - 1), MicroBatches(requests));
    }

    private double PeakActivationBytes(in WorkloadPoint point)
    {
        SetPrefill(point);
        double peak = _costing.PeakActivationBytes(_prefill);
        if (point.OutputTokens > 1)
        {
            SetDecode(point);
            peak = Math.Max(peak, _costing.PeakActivationBytes(_decode));
        }

        return peak;
    }

    // Of the device that holds most.
    private double KvBytesOfOneToken()
    {
        double most = 0;
        for (int stage = 0; stage < _layout.Stages; stage++)
        {
            ReadOnlySpan<int> counts = _layout.Stage(stage);
            double bytes = 0;
            for (int c = 0; c < counts.Length; c++)
            {
                bytes += counts[c] * _layout.Classes[c].KvBytesPerToken;
            }

            most = Math.Max(most, bytes);
        }

        return most;
    }

    private static EstimateRequest DraftRequest(EstimateRequest request, ModelArchitecture draft) => request with
    {
        Architecture = draft,
        WeightScheme = request.WeightScheme is { IsOfCheckpoint: true }
            ? draft.PublishedWeights ?? WeightFormats.Of(Precision.Bf16, "default")
            : request.WeightScheme,
        Speculative = null,
        Lora = null,
        KvCompression = null,
        Parallelism = request.Parallelism with
        {
            Pipeline = Math.Min(request.Parallelism.Pipeline, draft.LayerCount),
            Expert = draft.Layers.Any(layer => layer.FeedForward is MoeFeedForward) ? request.Parallelism.Expert : 1,
        },
    };

    /// <summary>Requests of the fullest replica or attention rank.</summary>
    private int RankBatch(int batch) => DeploymentProfile.Part(batch, _profile.Replicas * _profile.AttentionRanks);

    private int MicroBatches(int sequences)
    {
        int wanted = Request.MicroBatches > 0 ? Request.MicroBatches : _layout.Stages;
        return _layout.Stages == 1 ? 1 : Math.Min(wanted, sequences);
    }

    private (double Weights, double Kv) StageBytes(int stage, in WorkloadPoint point)
    {
        int requests = RankBatch(point.BatchSize);
        ReadOnlySpan<int> counts = _layout.Stage(stage);
        double weights = 0;
        double kv = 0;
        for (int c = 0; c < counts.Length; c++)
        {
            LayerClass part = _layout.Classes[c];
            weights += counts[c] * part.WeightBytes;
            if (part.KvBytesPerToken > 0)
            {
                kv += counts[c] * part.KvBytesPerToken * KvTokens.Stored(point, requests, part.KvCapTokens);
            }

            if (part.WindowBytesPerToken > 0)
            {
                kv += counts[c] * part.WindowBytesPerToken * KvTokens.Stored(point, requests, part.WindowTokens);
            }

            kv += counts[c] * part.StateBytes * requests * point.BeamWidth;
        }

        return (weights, kv);
    }
}
