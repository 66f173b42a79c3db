using Inferometer.Core;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Explanation;

/// <summary>A deployment whose every step takes so many times as long as another's.</summary>
/// <param name="plan">The other.</param>
/// <param name="factor">How many times, above 0.</param>
internal sealed class SlowedPlan(ICostPlan plan, double factor) : ICostPlan
{
    public string CostModel => plan.CostModel;

    public EstimateRequest Request => plan.Request;

    public EstimateBasis? Basis => plan.Basis;

    public EquatableList<string> Assumptions => plan.Assumptions;

    public double? KvBytesPerToken => plan.KvBytesPerToken;

    public double HandOverSeconds => plan.HandOverSeconds;

    public ServiceCoefficients Service => plan.Service;

    public IReadOnlyList<WeightUse> Weights => plan.Weights;

    public PhaseTotals Prefill(in WorkloadPoint point, ICollection<OperatorRow>? rows = null) => Slow(plan.Prefill(point, rows));

    public PhaseTotals Decode(in WorkloadPoint point, ICollection<OperatorRow>? rows = null) => Slow(plan.Decode(point, rows));

    public PhaseTotals Step(ReadOnlySpan<PrefillChunk> prefill, ReadOnlySpan<DecodeGroup> decode, ICollection<OperatorRow>? rows = null) =>
        Slow(plan.Step(prefill, decode, rows));

    public MemoryTotals? Memory(in WorkloadPoint point, double? activationBytes = null) => plan.Memory(point, activationBytes);

    private PhaseTotals Slow(in PhaseTotals totals) => totals with
    {
        LatencySeconds = factor * totals.LatencySeconds,
        DrainSeconds = factor * totals.DrainSeconds,
        SerialSeconds = factor * totals.SerialSeconds,
        DraftSeconds = factor * totals.DraftSeconds,
    };
}
