using System.Runtime.InteropServices;
using Inferometer.Simulation.Network;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>Time of one execution of an operator, averaged over the steps of a phase, and what it is made of.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct OperatorCost(
    double Seconds,
    double ComputeSeconds,
    double MemorySeconds,
    double LinkSeconds,
    double NetworkSeconds,
    double LaunchSeconds,
    bool OnHost = false)
{
    public OperatorBound Bound
    {
        get
        {
            double work = Math.Max(Math.Max(ComputeSeconds, MemorySeconds), Math.Max(LinkSeconds, NetworkSeconds));
            return OnHost ? OperatorBound.Host
                : work < LaunchSeconds ? OperatorBound.Launch
                : work == NetworkSeconds ? OperatorBound.Network
                : work == ComputeSeconds ? OperatorBound.Compute
                : work == MemorySeconds ? OperatorBound.Memory
                : OperatorBound.OffloadLink;
        }
    }
}

/// <summary>
/// The roofline of one operator with all rates multiplied in:
/// seconds = max(FLOPs / rate, local bytes / bandwidth, offloaded bytes / link) + exposed network time + launches.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct CompiledOperator
{
    // Keys that a sequence's tile takes beside its own: the last block of them is partly filled, the first is waited for.
    private const double TileKeys = 128;

    private readonly StepForm _compute;
    private readonly StepForm _byVectors;
    private readonly StepForm _memory;
    private readonly StepForm _link;
    private readonly StepForm _message;
    private readonly CollectiveTime _network;
    private readonly double _exposed;
    private readonly double _launch;
    private readonly double _replayed;
    private readonly int _vectorRows;
    private readonly double _tile;
    private readonly double _beside;
    private readonly double _serial;
    private readonly bool _varies;
    private readonly HostOperator? _host;
    private readonly bool _soft;

    public CompiledOperator(OperatorTemplate item, in StagePlace place)
    {
        DeploymentProfile profile = place.Device;
        EstimateRequest request = profile.Request;
        OffloadSpec? offload = request.Offload;
        double weightShare = offload?.WeightShare ?? 0;
        double kvShare = offload?.KvShare ?? 0;
        StepForm kv = item.KvRead + item.KvWrite;
        StepForm activations = item.ActivationRead + item.ActivationWrite;
        Flops = item.Flops;
        Activations = activations;
        Bytes = item.Weights + kv + activations;
        StepForm local = ((1 - weightShare) * item.Weights) + ((1 - kvShare) * kv) + activations;
        StepForm remote = (weightShare * item.Weights) + (kvShare * kv);
        OperatorRates rates = profile.Rates;
        StepForm arithmetic = item.Flops;
        if (item.Rate is RateClass.Matrix or RateClass.HeadMatrix && item.Pool < 0)
        {
            arithmetic += new StepForm { Fixed = rates.ExtraRows * (item.Flops.PerToken + item.Flops.PerRow) };
        }

        _compute = rates.SecondsPerFlop(item, profile) * arithmetic;
        _vectorRows = rates.VectorRows(item, profile);
        if (_vectorRows > 0)
        {
            _byVectors = rates.SecondsPerVectorFlop(profile) * item.Flops;
        }

        if (_vectorRows > 1)
        {
            _compute += new StepForm
            {
                Fixed = rates.UnpackingRows * rates.SecondsPerVectorFlop(profile) * (item.Flops.PerToken + item.Flops.PerRow),
            };
        }

        _memory = rates.SecondsPerByte(item, profile) * local;
        if (offload is not null)
        {
            StepForm link = (1 / profile.LinkBandwidth) * remote;
            _link = offload.Overlapped ? link : default;
            _memory = offload.Overlapped ? _memory : _memory + link;
        }

        _message = item.Message;
        _network = item.Network;
        _exposed = item.Group == OperatorGroup.Collectives ? 1 - request.CommunicationOverlap : 1;
        _launch = rates.FixedSeconds(item, profile);
        _replayed = rates.ReplayedSeconds(item, profile);
        _soft = rates.IsSoft;
        _tile = item.IsTiled ? rates.AttentionTile : 1;
        _beside = item.IsTiled ? rates.AttentionBeside : 1;
        _serial = item.IsTiled ? rates.AttentionSerialSeconds : 0;
        _varies = Bytes.DependsOnContext || Flops.DependsOnContext;
        Phase = item.Phase;
        Span = item.Span;
        Pool = item.Pool;
        IsCollective = item.Group == OperatorGroup.Collectives;
        HasNetwork = IsCollective || item.Group == OperatorGroup.HostTransfer;
        ComputeEfficiency = 1 / (rates.SecondsPerFlop(item, profile) * profile.PeakFlops(item));
        MemoryEfficiency = 1 / (rates.SecondsPerByte(item, profile) * profile.Device.MemoryBandwidth);
        _host = place.IsOnHost(item) ? new(item, place) : null;
        NeedsRows = Flops is { PerRow: > 0 } || item.Message.PerRow > 0;
    }

    public StepForm Flops { get; }

    public StepForm Bytes { get; }

    public StepForm Activations { get; }

    public StepPhase Phase { get; }

    public int Span { get; }

    public int Pool { get; }

    public bool IsCollective { get; }

    /// <summary>A message to other devices or the host.</summary>
    public bool HasNetwork { get; }

    /// <summary>Fraction of peak arithmetic it reaches when nothing else holds it up.</summary>
    public double ComputeEfficiency { get; }

    /// <summary>Fraction of memory bandwidth likewise.</summary>
    public double MemoryEfficiency { get; }

    /// <summary>Works on logits only: idle in a step without any.</summary>
    public bool NeedsRows { get; }

    /// <summary>The host keeps what the operator works on.</summary>
    public bool IsHosted => _host is not null;

    public double MessageBytes(in StepVariables v) => _message.At(v);

    /// <summary>Cost in a step, or the mean over the steps that <paramref name="pieces"/> describe.</summary>
    public OperatorCost Cost(in StepVariables v, double steps, ReadOnlySpan<ContextPiece> pieces)
    {
        double compute = v.Tokens <= _vectorRows ? _byVectors.At(v) : _compute.At(v);
        double memory = _memory.At(v);
        double link = _link.At(v);
        double network = HasNetwork ? _exposed * _network.Seconds(_message.At(v)) : 0;
        if (v.IsBesidePrompts && _beside > 1)
        {
            return CostBesidePrompts(v, link);
        }

        if ((_tile > 1 || _serial > 0) && Phase == StepPhase.Prefill)
        {
            return CostOfPrompts(v, memory, link);
        }

        bool sums = _varies && Phase == StepPhase.Decode;
        double work = sums ? SumOverPieces(v, pieces) / steps : Longest(compute, memory, link);
        double launch = v.IsReplayed ? _replayed : _launch;
        return new(work + network + launch, compute, memory, link, network, launch);
    }

    /// <summary>The same where the host keeps what the operator works on.</summary>
    public OperatorCost CostOfHosted(in StepVariables v, double steps, ReadOnlySpan<ContextPiece> pieces) =>
        _host!.Cost(v, _varies && Phase == StepPhase.Decode ? steps : 0, pieces, Cost(v, steps, pieces));

    // Of the tiles along the diagonal half lies beyond what a query may see, and is computed all the same.
    private OperatorCost CostOfPrompts(StepVariables v, double memory, double link)
    {
        double serial = _serial * v.Reads / v.Sequences;
        v.Pairs += 0.5 * (_tile - 1) * v.Tokens;
        double compute = _compute.At(v);
        double launch = v.IsReplayed ? _replayed : _launch;
        return new(Soft(compute, memory, link, serial) + launch, compute, memory, link, 0, launch);
    }

    // The kernel is that of the step's prompts, which has its launch. Decoding alone goes by another, which splits long contexts.
    private OperatorCost CostBesidePrompts(StepVariables v, double link)
    {
        double memory = _memory.At(v);
        double serial = _serial * v.Reads / v.Sequences;
        v.Pairs = _beside * (v.Pairs + (TileKeys * v.Sequences));
        double compute = _compute.At(v);
        return new(Soft(compute, memory, link, serial), compute, memory, link, 0, 0);
    }

    private double Longest(double compute, double memory, double link) =>
        _soft ? Soft(compute, memory, link) : Math.Max(compute, Math.Max(memory, link));

    private static double Soft(double a, double b, double c) => Math.Cbrt((a * a * a) + (b * b * b) + (c * c * c));

    private static double Soft(double a, double b, double c, double d) => Math.Cbrt((a * a * a) + (b * b * b) + (c * c * c) + (d * d * d));

    // Three points after Gauss: the soft maximum of straight lines has no corners, so that they err by less than a thousandth.
    private static double SoftSum(in StepLine a, in StepLine b, in StepLine c, double steps)
    {
        double middle = (steps - 1) / 2;
        double reach = 0.5 * steps * 0.774596669241483377; // sqrt(3/5)
        if (steps < 3)
        {
            return steps * Soft(a.At(middle), b.At(middle), c.At(middle));
        }

        double low = middle - reach;
        double high = middle + reach;
        return steps / 18 * ((5 * Soft(a.At(low), b.At(low), c.At(low))) + (8 * Soft(a.At(middle), b.At(middle), c.At(middle)))
            + (5 * Soft(a.At(high), b.At(high), c.At(high))));
    }

    private double SumOverPieces(StepVariables v, ReadOnlySpan<ContextPiece> pieces)
    {
        double sum = 0;
        foreach (ref readonly ContextPiece piece in pieces)
        {
            v.Pairs = piece.Pairs;
            v.Reads = piece.Reads;
            StepLine compute = new(_compute.At(v), _compute.Slope(piece.PairsSlope, piece.ReadsSlope));
            StepLine memory = new(_memory.At(v), _memory.Slope(piece.PairsSlope, piece.ReadsSlope));
            StepLine link = new(_link.At(v), _link.Slope(piece.PairsSlope, piece.ReadsSlope));
            sum += piece.Repeats * (_soft
                ? SoftSum(compute, memory, link, piece.Steps)
                : StepLine.SumOfMax(compute, memory, link, piece.Steps));
        }

        return sum;
    }
}
