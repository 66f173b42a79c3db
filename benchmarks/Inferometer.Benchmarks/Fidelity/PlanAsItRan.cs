using Inferometer.Core;
using Inferometer.Measurement.Local;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Benchmarks.Fidelity;

/// <summary>
/// A plan whose steps take what steps of their kind took in a run, on the whole: what is then still missed is not a matter of what steps
/// cost, but of when they begin and who is in them.
/// </summary>
internal sealed class PlanAsItRan : ICostPlan
{
    // A longer pause was one without work.
    private const double LongestPause = 1e-3;

    private readonly ICostPlan _plan;
    private readonly Dictionary<string, double> _factors;

    public PlanAsItRan(ICostPlan plan, IReadOnlyList<TimedStep> steps)
    {
        _plan = plan;
        _factors = steps.Select((s, i) => (Step: s, Pause: i + 1 < steps.Count ? steps[i + 1].Begin - s.End : 0))
            .GroupBy(s => s.Step.Kind, StringComparer.Ordinal)
            .ToDictionary(
                g => g.Key,
                g => g.Sum(s => s.Step.Seconds + (s.Pause < LongestPause ? s.Pause : 0))
                    / g.Sum(s => plan.Step([.. s.Step.Prefill], [.. s.Step.Decode]).LatencySeconds),
                StringComparer.Ordinal);
    }

    public string CostModel => _plan.CostModel;

    public EstimateRequest Request => _plan.Request;

    public EquatableList<string> Assumptions => _plan.Assumptions;

    public double HandOverSeconds => _plan.HandOverSeconds;

    public ServiceCoefficients Service => _plan.Service;

    public double? KvBytesPerToken => _plan.KvBytesPerToken;

    public IReadOnlyList<WeightUse> Weights => _plan.Weights;

    public PhaseTotals Prefill(in WorkloadPoint point, ICollection<OperatorRow>? rows = null) => _plan.Prefill(point, rows);

    public PhaseTotals Decode(in WorkloadPoint point, ICollection<OperatorRow>? rows = null) => _plan.Decode(point, rows);

    public PhaseTotals Step(
        ReadOnlySpan<PrefillChunk> prefill, ReadOnlySpan<DecodeGroup> decode, ICollection<OperatorRow>? rows = null)
    {
        int decoding = 0;
        foreach (DecodeGroup group in decode)
        {
            decoding += group.Count;
        }

        PhaseTotals totals = _plan.Step(prefill, decode, rows);
        return totals with
        {
            LatencySeconds = totals.LatencySeconds
                * _factors.GetValueOrDefault(TimedStep.KindOf(prefill.Length, decoding), 1),
        };
    }

    public MemoryTotals? Memory(in WorkloadPoint point, double? activationBytes = null) => _plan.Memory(point, activationBytes);
}
