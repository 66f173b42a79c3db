using Inferometer.Core;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Serving;

/// <summary>Every step takes the same time: a server whose behaviour queueing theory knows.</summary>
internal sealed class FixedPlan(double stepSeconds, EstimateRequest? request = null) : ICostPlan
{
    public string CostModel => "fixed";

    public EstimateRequest Request { get; } = request ?? Sample.Request(Sample.Llama3) with { System = Sample.RealSystem };

    public EquatableList<string> Assumptions => [];

    public double? KvBytesPerToken => 1000;

    public PhaseTotals Prefill(in WorkloadPoint point, ICollection<OperatorRow>? rows = null) => new() { LatencySeconds = stepSeconds };

    public PhaseTotals Decode(in WorkloadPoint point, ICollection<OperatorRow>? rows = null) => new() { LatencySeconds = stepSeconds };

    public PhaseTotals Step(ReadOnlySpan<PrefillChunk> prefill, ReadOnlySpan<DecodeGroup> decode, ICollection<OperatorRow>? rows = null) =>
        new() { LatencySeconds = stepSeconds, DeviceWatts = 100 };

    public MemoryTotals? Memory(in WorkloadPoint point, double? activationBytes = null) => null;
}
