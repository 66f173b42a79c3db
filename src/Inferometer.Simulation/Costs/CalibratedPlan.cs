using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>The calibrated cost model's plan: operators at measured rates, and what a framework's step takes beside them.</summary>
internal sealed class CalibratedPlan : ICostPlan, IRepeatedDecode, IBatchedDecode, ILimitedMemory
{
    private const double ToldSeconds = 1e-6;

    private readonly RooflinePlan _operators;
    private int _repeated;
    private readonly double _step;
    private readonly double _sequence;
    private readonly double _doubling;
    private readonly double _promptFloor;
    private readonly int _replicas;
    private EquatableList<string>? _assumptions;

    /// <summary>Makes a plan.</summary>
    /// <param name="costModel">Name of the cost model.</param>
    /// <param name="request">The deployment.</param>
    /// <param name="match">What is known of it.</param>
    /// <param name="stages">Of unequal devices, what is known of each; empty = the devices are alike.</param>
    public CalibratedPlan(string costModel, EstimateRequest request, CalibrationMatch match, params IReadOnlyList<CalibrationMatch> stages)
    {
        Coefficients c = match.Coefficients;
        CostModel = costModel;
        Request = request;
        Match = match;
        Basis = EstimateBasis.Of(match);
        FrameworkProfile framework = match.Subject.Framework;
        CalibratedRates rates = stages.Count == 0
            ? RatesOf(framework, request, request.System.Device, c)
            : RatesOf(framework, request, request.System.Devices[0], stages[0].Coefficients, Others(framework, request, stages));
        EstimateRequest linked = OnCalibratedLinks(request, c);
        _operators = new(costModel, linked, rates);
        if (request.System.Device.Cache is { } cache && _operators.Memory(new WorkloadPoint(1, 1, 1)) is { } memory)
        {
            _operators = new(costModel, FromCache(linked, cache, memory.WeightBytes), rates);
        }

        _step = c[Coefficient.Step];
        _sequence = c[Coefficient.Sequence];
        _doubling = c[Coefficient.Doubling] > CoefficientTable.Of(Coefficient.Doubling).Prior ? c[Coefficient.Doubling] : 0;
        _promptFloor = c[Coefficient.PromptLayer] * request.Architecture.LayerCount;
        _replicas = request.Parallelism.Data;
        double felt = match.Familiarity == Familiarity.Datasheet ? 1 : c[Coefficient.Stall];
        Service = match.Subject.Framework.Scheduler.HandsOver
            ? ServiceCoefficients.None
            : new(
                felt, match.Familiarity == Familiarity.Datasheet ? 1 : Math.Clamp(c[Coefficient.FirstTokenPrompt], Math.Min(1, felt), 1),
                c[Coefficient.FirstToken], c[Coefficient.FirstTokenSteps], c[Coefficient.FirstTokenUser]);
    }

    public string CostModel { get; }

    public EstimateRequest Request { get; }

    public CalibrationMatch Match { get; }

    public EstimateBasis Basis { get; }

    public EquatableList<string> Assumptions => _assumptions ??= Said();

    /// <summary>
    /// From the end of a step until its tokens are with those who asked, and what they ask next is with the engine, seconds: where the
    /// framework works so and runs of it on the device were timed; 0 elsewhere.
    /// </summary>
    public double HandOverSeconds => Match.Subject.Framework.Scheduler.HandsOver && Match.Familiarity <= Familiarity.Related
        ? Match.Coefficients[Coefficient.FirstToken]
        : 0;

    /// <summary>
    /// Of this program's own engine nothing: it is the engine that is simulated, with steps that were timed one by one, and what lies
    /// beside them is its <see cref="HandOverSeconds"/>. Of others what their services showed; but where no service was fitted on such a
    /// device prompts count whole: what hides them behind weights that are read is arithmetic to spare, of which graphics cards have less.
    /// </summary>
    public ServiceCoefficients Service { get; }

    public double? KvBytesPerToken => _operators.KvBytesPerToken;

    public IReadOnlyList<WeightUse> Weights => _operators.Weights;

    public PhaseTotals Prefill(in WorkloadPoint point, ICollection<OperatorRow>? rows = null) => WithFramework(
        _operators.Prefill(point, rows), DeploymentProfile.Part(point.BatchSize, _replicas), 0, prompts: true, rows);

    public PhaseTotals Decode(in WorkloadPoint point, ICollection<OperatorRow>? rows = null)
    {
        int sequences = DeploymentProfile.Part(point.BatchSize, _replicas) * point.BeamWidth;
        return WithFramework(_operators.Decode(point, rows), sequences, sequences, prompts: false, rows);
    }

    public PhaseTotals Step(ReadOnlySpan<PrefillChunk> prefill, ReadOnlySpan<DecodeGroup> decode, ICollection<OperatorRow>? rows = null)
    {
        int decoding = 0;
        foreach (DecodeGroup group in decode)
        {
            decoding += group.Count;
        }

        int sequences = decoding;
        foreach (PrefillChunk chunk in prefill)
        {
            sequences += chunk.Count;
        }

        return WithFramework(_operators.Step(prefill, decode, rows), sequences, decoding, prefill.Length > 0, rows);
    }

    public MemoryTotals? Memory(in WorkloadPoint point, double? activationBytes = null) => _operators.Memory(point, activationBytes);

    public MemoryTotals? MemoryWithin(in WorkloadPoint point, int maxSequences, int maxStepTokens) =>
        _operators.MemoryWithin(point, maxSequences, maxStepTokens);

    public void BeginRepeat(ReadOnlySpan<DecodeGroup> decode)
    {
        _operators.BeginRepeat(decode);
        _repeated = 0;
        foreach (DecodeGroup group in decode)
        {
            _repeated += group.Count;
        }
    }

    public bool TakesSums => _operators.TakesSums;

    public PhaseTotals StepOfSums(ReadOnlySpan<PrefillChunk> prefill, int sequences, long contextTokens)
    {
        int all = sequences;
        foreach (PrefillChunk chunk in prefill)
        {
            all += chunk.Count;
        }

        return WithFramework(_operators.StepOfSums(prefill, sequences, contextTokens), all, sequences, prefill.Length > 0, rows: null);
    }

    public PhaseTotals Repeat(int later) => WithFramework(_operators.Repeat(later), _repeated, _repeated, prompts: false, rows: null);

    private PhaseTotals WithFramework(
        in PhaseTotals operators, int sequences, int decoding, bool prompts, ICollection<OperatorRow>? rows)
    {
        // Operators of a short prompt are started faster than a framework outside its graphs can.
        double waiting = prompts ? Math.Max(0, _promptFloor - (operators.LatencySeconds - operators.DraftSeconds)) : 0;
        double doublings = decoding > 1 ? _doubling * Math.Log2(decoding) : 0;
        double framework = waiting + _step + (_sequence * sequences) + doublings;
        double latency = operators.LatencySeconds + framework;
        double share = operators.LatencySeconds / latency;
        if (rows is not null)
        {
            AddRow(rows, "framework_step", waiting + _step);
            AddRow(rows, "framework_sequences", _sequence * sequences);
            AddRow(rows, "framework_doublings", doublings);
        }

        CalibrationBand band = prompts ? Basis.TimeToFirstToken : Basis.TimePerOutputToken;
        return operators with
        {
            LatencySeconds = latency,
            LatencyInterval = EstimateBasis.NineTenths(band, latency),
            SerialSeconds = operators.SerialSeconds + framework,
            FlopUtilization = operators.FlopUtilization * share,
            BandwidthUtilization = operators.BandwidthUtilization * share,
            DeviceWatts = Request.Power.Watts(
                Request.System.Device.TdpWatts, operators.FlopUtilization * share, operators.BandwidthUtilization * share),
        };
    }

    private static CalibratedRates RatesOf(
        FrameworkProfile framework, EstimateRequest request, Device device, Coefficients coefficients,
        IReadOnlyDictionary<Device, OperatorRates>? others = null) => new(
            coefficients, framework.SumsIn16Bits, framework.Graphs?.TokensOn(device, request.Release) ?? 0,
            device.Kind is "cpu" ? 0 : framework.VectorRows, framework.PipelinePieces, others);

    private static Dictionary<Device, OperatorRates> Others(
        FrameworkProfile framework, EstimateRequest request, IReadOnlyList<CalibrationMatch> stages)
    {
        Dictionary<Device, OperatorRates> others = new(ReferenceEqualityComparer.Instance);
        for (int stage = 0; stage < stages.Count; stage++)
        {
            Device device = request.System.Devices[stage];
            others[device] = RatesOf(framework, request, device, stages[stage].Coefficients);
        }

        return others;
    }

    private static void AddRow(ICollection<OperatorRow> rows, string name, double seconds)
    {
        if (seconds > 0)
        {
            rows.Add(new OperatorRow
            {
                Name = name,
                LayerClass = -1,
                Group = OperatorGroup.Framework,
                Count = 1,
                Flops = 0,
                WeightBytes = 0,
                KvReadBytes = 0,
                KvWriteBytes = 0,
                ActivationReadBytes = 0,
                ActivationWriteBytes = 0,
                CollectiveBytes = 0,
                Seconds = seconds,
                ComputeSeconds = 0,
                MemorySeconds = 0,
                OffloadSeconds = 0,
                NetworkSeconds = 0,
                Bound = OperatorBound.Launch,
                FlopUtilization = 0,
                BandwidthUtilization = 0,
            });
        }
    }

    private EquatableList<string> Said()
    {
        Coefficients c = Match.Coefficients;
        return
        [
            Match.RestsOn[..1].ToUpperInvariant() + Match.RestsOn[1..] + ".",
            .. Request.Release is { } release
                ? [$"Of {Basis.Framework}'s release of {release}, not of today's."]
                : Array.Empty<string>(),
            Say($"Nine in ten measurements of such cases lay within {Percent(Basis.TimePerOutputToken)} of the predicted time per output ")
                + Say($"token, and within {Percent(Basis.TimeToFirstToken)} of the time to first token."),
            Say($"Operators follow one another, {c[Coefficient.Launch] * 1e6:0.0} us from kernel to kernel; arithmetic and memory traffic ")
                + "overlap but for a soft maximum.",
            Say($"Shares of the datasheet: memory {c[Coefficient.MatrixMemory]:0.00} (attention {c[Coefficient.AttentionMemory]:0.00}, ")
                + Say($"experts {c[Coefficient.ExpertMemory]:0.00}), matrix products {c[Coefficient.Matrix16]:0.00} in 16 bits and ")
                + Say($"{c[Coefficient.Matrix8]:0.00} in 8, attention {c[Coefficient.AttentionMatrix]:0.00}, ")
                + Say($"links {c[Coefficient.Link]:0.00}."),
            Say($"{Basis.Framework} takes {c[Coefficient.Step] * 1e3:0.00} ms per step and {c[Coefficient.Sequence] * 1e6:0} us per ")
                + "sequence beside them.",
            .. _doubling >= ToldSeconds
                ? [Say($"Every doubling of the sequences that decode takes {_doubling * 1e3:0.00} ms more.")]
                : Array.Empty<string>(),
            .. _operators.Assumptions.Skip(2), // what the roofline says of its own fractions does not hold here
        ];
    }

    private static string Percent(in CalibrationBand band) => Say($"{(band.Low90 - 1) * 100:0} and +{(band.High90 - 1) * 100:0} %");

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    // Every step reads all weights: what fits into the cache comes from there.
    private static EstimateRequest FromCache(EstimateRequest request, DeviceCache cache, double weightBytes)
    {
        Device device = request.System.Device;
        return request with
        {
            System = request.System with
            {
                Device = device with { MemoryBandwidth = cache.BandwidthOf(weightBytes, device.MemoryBandwidth) },
            },
        };
    }

    private static EstimateRequest OnCalibratedLinks(EstimateRequest request, Coefficients coefficients)
    {
        HardwareSystem system = request.System;
        return request with
        {
            System = system with
            {
                Device = system.Device with { Efficiency = system.Device.Efficiency with { Link = coefficients[Coefficient.Link] } },
                IntraNode = system.IntraNode with { LatencySeconds = coefficients[Coefficient.LinkLatency] },
            },
        };
    }
}
