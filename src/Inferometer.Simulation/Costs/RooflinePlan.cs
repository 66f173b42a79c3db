using Inferometer.Core;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>The roofline's plan: compiled operators, evaluated for each step from a few sums over its batch. Reuses its buffers.</summary>
internal sealed partial class RooflinePlan : ICostPlan, ILimitedMemory
{
    private readonly DeploymentProfile _profile;
    private readonly PipelineLayout _layout;
    private readonly StepCosting _costing;
    private readonly StepState _prefill;
    private readonly StepState _decode;
    private readonly RooflinePlan? _draft;
    private readonly MemoryBudget _budget;
    private readonly double _hostBytesOfWeights;
    private readonly double _frameworkActivations;
    private EquatableList<string>? _assumptions;

    public RooflinePlan(string costModel, EstimateRequest request, OperatorRates? rates = null)
    {
        CostModel = costModel;
        Request = request;
        _profile = new(request, rates);
        SharedTables tables = new();
        _layout = new(_profile, tables);
        _costing = new(_profile, _layout);
        _prefill = new(tables, 1, _profile.Rates.GraphTokens);
        _decode = new(tables, request.Speculative is { } s ? s.DraftTokens + 1 : 1, _profile.Rates.GraphTokens);
        _draft = request.Speculative?.Draft is { } draft
            ? new(costModel, DraftDeployment.RequestOf(request, draft), rates)
            : null;
        KvBytesPerToken = KvBytesOfOneToken();
        _budget = new(request);
        for (int c = 0; c < _layout.Classes.Length; c++)
        {
            _hostBytesOfWeights += _layout.Totals[c] * _layout.Classes[c].HostWeightBytes;
        }

        _frameworkActivations = _budget.SizesByLargestStep ? LargestStepBytes(request.MaxSequences, request.MaxStepTokens) : 0;
    }

    public string CostModel { get; }

    public EstimateRequest Request { get; }

    public EquatableList<string> Assumptions => _assumptions ??= Costs.Assumptions.Of(_profile);

    public double? KvBytesPerToken { get; }

    public IReadOnlyList<WeightUse> Weights => _draft is null
        ? WeightUses.Of(_profile, _layout, StageShown)
        : [.. WeightUses.Of(_profile, _layout, StageShown), WeightUses.Draft(_draft.Weights)];

    // Of unequal devices the one whose memory is shown; of equal ones the one that holds most.
    private int? StageShown => Request.System.Devices.Count > 0 ? Memory(WorkloadPoint.From(Request.Workload))?.Stage : null;

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

        _prefill.SetMixed(prefill, decode, decode.IsEmpty || FollowsItself ? Batches(sequences, prefill, decode) : MicroBatches(sequences));
        return _costing.Cost(_prefill, rows);
    }

    public MemoryTotals? Memory(in WorkloadPoint point, double? activationBytes = null) =>
        MemoryBeside(point, _budget.SizesByLargestStep ? _frameworkActivations : activationBytes ?? PeakActivationBytes(point, -1));

    public MemoryTotals? MemoryWithin(in WorkloadPoint point, int maxSequences, int maxStepTokens) => MemoryBeside(
        point,
        _budget.SizesByLargestStep ? LargestStepBytes(maxSequences, maxStepTokens) : PeakActivationBytes(point, maxStepTokens));

    private MemoryTotals MemoryBeside(in WorkloadPoint point, double activations)
    {
        RequestValidation.Check(point);
        OffloadSpec? offload = Request.Offload;
        double weightShare = offload?.WeightShare ?? 0;
        double kvShare = offload?.KvShare ?? 0;
        double hosted = _hostBytesOfWeights + HostedCacheBytes(point);
        MemoryTotals worst = default;
        for (int stage = 0; stage < _layout.Stages; stage++)
        {
            Device device = Request.System.Devices.Count > 0 ? Request.System.Devices[stage] : _profile.Device;
            (double weights, double kv) = StageBytes(stage, point);
            if (_draft is not null && stage < _draft._layout.Stages)
            {
                (double draftWeights, double draftKv) = _draft.StageBytes(stage, point);
                (weights, kv) = (weights + draftWeights, kv + draftKv);
            }

            double kept = (1 - weightShare) * weights;
            MemoryTotals use = new()
            {
                WeightBytes = kept,
                KvCacheBytes = (1 - kvShare) * kv,
                ActivationBytes = activations,
                ReservedBytes = _budget.ReservedBytes(device),
                CapacityBytes = _budget.CapacityBytes(device, kept, activations),
                UsableBytes = device.UsableMemoryBytes,
                NominalBytes = device.MemoryBytes,
                OffloadedBytes = (weightShare * weights) + (kvShare * kv) + hosted,
                HostCapacityBytes = Request.Host?.Device.UsableMemoryBytes ?? double.PositiveInfinity,
                Stage = stage,
            };
            worst = stage == 0 || use.IsFullerThan(worst) ? use : worst;
        }

        return worst;
    }

    private void SetPrefill(in WorkloadPoint point)
    {
        RequestValidation.Check(point);
        int requests = RankBatch(point.BatchSize);
        int fresh = point.InputTokens - point.CachedPrefixTokens;
        double each = (double)requests / MicroBatches(requests), part = each / Pieces(each * fresh);
        _prefill.SetPrefill(part, point.CachedPrefixTokens, fresh, requests / part);
    }

    // Prefill yields the first token, so that N tokens take N - 1 steps; by itself a decode has at least one.
    private void SetDecode(in WorkloadPoint point)
    {
        RequestValidation.Check(point);
        int requests = RankBatch(point.BatchSize);
        _decode.SetDecode(requests, point.BeamWidth, point.InputTokens, Math.Max(1, point.OutputTokens - 1), MicroBatches(requests));
    }

    // A profiling run takes the largest step of one prompt, and then chooses tokens for as many sequences as a step can have.
    private double LargestStepBytes(int maxSequences, int maxStepTokens)
    {
        int tokens = maxStepTokens > 0 ? maxStepTokens : Request.Workload.InputTokens;
        _prefill.SetPrefill(1, 0, tokens, 1);
        return Math.Max(
            _costing.PeakActivationBytes(_prefill, maxStepTokens),
            _budget.SamplerBytes(_profile.Architecture.VocabularySize, maxSequences, maxStepTokens));
    }

    private double HostedCacheBytes(in WorkloadPoint point)
    {
        double bytes = 0;
        if (Request.Host?.GpuLayers is not null)
        {
            int requests = RankBatch(point.BatchSize);
            for (int c = 0; c < _layout.Classes.Length; c++)
            {
                bytes += _layout.Classes[c].CacheIsOnHost ? _layout.Totals[c] * CacheBytes(_layout.Classes[c], point, requests) : 0;
            }
        }

        return bytes;
    }

    private double PeakActivationBytes(in WorkloadPoint point, int maxStepTokens)
    {
        SetPrefill(point);
        double peak = _costing.PeakActivationBytes(_prefill, maxStepTokens);
        if (point.OutputTokens > 1)
        {
            SetDecode(point);
            peak = Math.Max(peak, _costing.PeakActivationBytes(_decode, maxStepTokens));
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
                bytes += _layout.Classes[c].CacheIsOnHost ? 0 : counts[c] * _layout.Classes[c].KvBytesPerToken;
            }

            most = Math.Max(most, bytes);
        }

        return most;
    }

    /// <summary>Requests of the fullest replica or attention rank.</summary>
    private int RankBatch(int batch) => DeploymentProfile.Part(batch, _profile.Replicas * _profile.AttentionRanks);

    private double Batches(int sequences, ReadOnlySpan<PrefillChunk> prompts, ReadOnlySpan<DecodeGroup> decode)
    {
        double tokens = 0;
        foreach (PrefillChunk chunk in prompts)
        {
            tokens += (double)chunk.NewTokens * chunk.Count;
        }

        foreach (DecodeGroup group in decode)
        {
            tokens += (double)group.NewTokens * group.Count;
        }

        int batches = MicroBatches(sequences);
        return batches * Pieces(tokens / batches);
    }

    // Prompts of more tokens than a pass holds go through a pipeline in pieces that follow one another: a piece needs of those before it
    // what the same stage has written.
    private double Pieces(double tokens) => _layout.Stages == 1 || Request.MicroBatches > 0 || Request.MaxStepTokens < 1
        ? 1
        : Math.Max(1, tokens / Request.MaxStepTokens);

    private int MicroBatches(int sequences)
    {
        int wanted = Request.MicroBatches > 0 ? Request.MicroBatches : _layout.Stages;
        return _layout.Stages == 1 || (FollowsItself && Request.MicroBatches == 0) ? 1 : Math.Min(wanted, sequences);
    }

    // All sequences are in one pass, whose tokens are chosen before the next one begins: only passes of one step follow one another.
    private bool FollowsItself => _profile.PipelinePieces > 0;

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
            if (part.HasCache && !part.CacheIsOnHost)
            {
                kv += counts[c] * CacheBytes(part, point, requests);
            }
        }

        return (weights, kv);
    }

    // Of one layer of a kind, all requests of the fullest rank together.
    private static double CacheBytes(LayerClass part, in WorkloadPoint point, int requests)
    {
        double bytes = part.StateBytes * requests * point.BeamWidth;
        if (part.KvBytesPerToken > 0)
        {
            bytes += part.KvBytesPerToken * KvTokens.Stored(point, requests, part.KvCapTokens);
        }

        return part.WindowBytesPerToken > 0
            ? bytes + (part.WindowBytesPerToken * KvTokens.Stored(point, requests, part.WindowTokens))
            : bytes;
    }
}
