using Inferometer.Core;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Serving;

/// <summary>Every token of an answer takes the same time, one after the other: a server whose work all in its batch share.</summary>
internal sealed class SharedPlan(double tokenSeconds) : ICostPlan
{
    public string CostModel => "shared";

    public EstimateRequest Request { get; } = Sample.Request(Sample.Llama3) with { System = Sample.RealSystem };

    public EquatableList<string> Assumptions => [];

    public double? KvBytesPerToken => 1000;

    public PhaseTotals Prefill(in WorkloadPoint point, ICollection<OperatorRow>? rows = null) => Of(1);

    public PhaseTotals Decode(in WorkloadPoint point, ICollection<OperatorRow>? rows = null) => Of(point.BatchSize);

    public PhaseTotals Step(ReadOnlySpan<PrefillChunk> prefill, ReadOnlySpan<DecodeGroup> decode, ICollection<OperatorRow>? rows = null)
    {
        int tokens = prefill.Length;
        foreach (DecodeGroup group in decode)
        {
            tokens += group.Count;
        }

        return Of(tokens);
    }

    public MemoryTotals? Memory(in WorkloadPoint point, double? activationBytes = null) => null;

    private PhaseTotals Of(int tokens) => new() { LatencySeconds = tokens * tokenSeconds, DeviceWatts = 100 };
}
