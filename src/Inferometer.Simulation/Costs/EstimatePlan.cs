using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// A deployment of a network, prepared once so that any workload on it is estimated in microseconds without allocating.
/// The roofline cost model is this and nothing else. Not safe to share between threads: it reuses its buffers.
/// </summary>
public sealed class EstimatePlan
{
    private readonly DeploymentProfile _profile;
    private readonly PipelineLayout _layout;
    private readonly StepCosting _costing;
    private readonly StepState _prefill;
    private readonly StepState _decode;
    private readonly EstimatePlan? _draft;

    /// <summary>Prepares <paramref name="request"/>; its workload is not looked at.</summary>
    /// <exception cref="InferometerException">The request is impossible.</exception>
    public EstimatePlan(EstimateRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Request = request;
        _profile = new(request);
        SharedTables tables = new();
        _layout = new(_profile, tables);
        _costing = new(_profile, _layout);
        _prefill = new(tables, 1);
        _decode = new(tables, request.Speculative is { } s ? s.DraftTokens + 1 : 1);
        _draft = request.Speculative?.Draft is { } draft ? new(DraftRequest(request, draft)) : null;
    }

    /// <summary>What the plan was made of.</summary>
    public EstimateRequest Request { get; }

    internal DeploymentProfile Profile => _profile;

    internal PipelineLayout Layout => _layout;

    /// <summary>State of the last prefill or mixed step costed, and of the last decode.</summary>
    internal StepState PrefillState => _prefill;

    internal StepState DecodeState => _decode;

    /// <summary>Both phases, memory and metrics of a workload.</summary>
    /// <exception cref="InferometerException">The workload is impossible.</exception>
    public EstimateSummary Evaluate(in WorkloadPoint point)
    {
        PhaseTotals prefill = Prefill(point, out double draftPrefill);
        PhaseTotals decode = default;
        double draftDecode = 0;
        if (point.OutputTokens > 1)
        {
            decode = Decode(point, out draftDecode);
        }

        return new()
        {
            Prefill = prefill,
            Decode = decode,
            Memory = Memory(point, Math.Max(prefill.PeakActivationBytes, decode.PeakActivationBytes)),
            Metrics = Metrics(point, prefill, decode, (draftPrefill, draftDecode)),
        };
    }

    /// <summary>Memory of the fullest device under a workload.</summary>
    /// <exception cref="InferometerException">The workload is impossible.</exception>
    public MemoryUse Memory(in WorkloadPoint point) => Evaluate(point).Memory;

    /// <summary>Cost of one step over a mixture of prompt chunks and decoding sequences, of one replica.</summary>
    /// <exception cref="InferometerException">The batch is empty or a part of it is impossible.</exception>
    public PhaseTotals Step(ReadOnlySpan<PrefillChunk> prefill, ReadOnlySpan<DecodeGroup> decode)
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
        return _costing.Cost(_prefill);
    }

    /// <summary>The prefill step; <paramref name="draftSeconds"/> is what a draft network needs to read the prompts as well.</summary>
    internal PhaseTotals Prefill(in WorkloadPoint point, out double draftSeconds)
    {
        RequestValidation.Check(point);
        draftSeconds = _draft?.Prefill(point, out _).LatencySeconds ?? 0;
        int requests = RankBatch(point.BatchSize);
        _prefill.SetPrefill(requests, point.CachedPrefixTokens, point.InputTokens - point.CachedPrefixTokens, MicroBatches(requests));
        return _costing.Cost(_prefill);
    }

    /// <summary>The average decode step (speculative: verifying step); <paramref name="draftSeconds"/> is the draft's part of a round.</summary>
    internal PhaseTotals Decode(in WorkloadPoint point, out double draftSeconds)
    {
        RequestValidation.Check(point);
        if (point.OutputTokens < 2)
        {
            throw new InferometerException($"decode: {point.OutputTokens} output token needs no decode step, as prefill yields the first; ask for at least 2.");
        }

        draftSeconds = _draft is null ? 0 : Request.Speculative!.DraftTokens * _draft.Decode(point, out _).LatencySeconds;
        int requests = RankBatch(point.BatchSize);
        _decode.SetDecode(requests, point.BeamWidth, point.InputTokens, point.OutputTokens - 1, MicroBatches(requests));
        return _costing.Cost(_decode);
    }

    /// <summary>KV bytes of one more token of one sequence on the device that holds most.</summary>
    internal double KvBytesPerToken()
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

    private MemoryUse Memory(in WorkloadPoint point, double activations)
    {
        OffloadSpec? offload = Request.Offload;
        double weightShare = offload?.WeightShare ?? 0;
        double kvShare = offload?.KvShare ?? 0;
        MemoryUse worst = default;
        for (int stage = 0; stage < _layout.Stages; stage++)
        {
            (double weights, double kv) = StageBytes(stage, point);
            if (_draft is not null && stage < _draft._layout.Stages)
            {
                (double draftWeights, double draftKv) = _draft.StageBytes(stage, point);
                (weights, kv) = (weights + draftWeights, kv + draftKv);
            }

            MemoryUse use = new()
            {
                WeightBytes = (1 - weightShare) * weights,
                KvBytes = (1 - kvShare) * kv,
                ActivationBytes = activations,
                ReservedBytes = _profile.Device.Efficiency.ReservedBytes,
                CapacityBytes = _profile.Device.MemoryBytes,
                OffloadedBytes = (weightShare * weights) + (kvShare * kv),
            };
            worst = stage == 0 || use.TotalBytes > worst.TotalBytes ? use : worst;
        }

        return worst;
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

    private ServingMetrics Metrics(in WorkloadPoint point, in PhaseTotals prefill, in PhaseTotals decode, (double Prefill, double Decode) draft)
    {
        double? tdp = _profile.Device.TdpWatts;
        return ServingMetrics.From(new()
        {
            BatchSize = point.BatchSize,
            InputTokens = point.InputTokens,
            OutputTokens = point.OutputTokens,
            Devices = Request.Parallelism.DeviceCount,
            QueueingSeconds = Request.QueueingSeconds,
            PrefillSeconds = prefill.LatencySeconds + draft.Prefill,
            StepSeconds = decode.LatencySeconds + draft.Decode,
            TokensPerStep = Request.Speculative?.ExpectedTokens ?? 1,
            PrefillFlopUtilization = prefill.FlopUtilization,
            DecodeFlopUtilization = decode.FlopUtilization,
            PrefillBandwidthUtilization = prefill.BandwidthUtilization,
            DecodeBandwidthUtilization = decode.BandwidthUtilization,
            PrefillWatts = Request.Power.Watts(tdp, prefill.FlopUtilization, prefill.BandwidthUtilization),
            DecodeWatts = Request.Power.Watts(tdp, decode.FlopUtilization, decode.BandwidthUtilization),
            PricePerHourUsd = _profile.Device.PricePerHourUsd,
        });
    }
}
