using Inferometer.Core;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

/// <summary>
/// A cost model that corrects another one as a calibrated one would: every step takes <paramref name="middle"/> times as
/// long, and lies between <paramref name="low"/> and <paramref name="high"/> times. Counts what it is asked.
/// </summary>
internal sealed class BandedCostModel(ICostModel inner, double low, double middle, double high) : ICostModel
{
    public string Name => "banded";

    public int Prepared { get; private set; }

    public int Prefills { get; private set; }

    public int Decodes { get; private set; }

    public int Steps { get; private set; }

    public ICostPlan Prepare(EstimateRequest request)
    {
        Prepared++;
        return new Plan(this, inner.Prepare(request));
    }

    private PhaseTotals Correct(in PhaseTotals totals) => totals with
    {
        LatencySeconds = middle * totals.LatencySeconds,
        LatencyInterval = new(low * totals.LatencySeconds, high * totals.LatencySeconds),
    };

    private sealed class Plan(BandedCostModel model, ICostPlan plan) : ICostPlan
    {
        public string CostModel => model.Name;

        public EstimateRequest Request => plan.Request;

        public EquatableList<string> Assumptions => [.. plan.Assumptions, "corrected"];

        public double? KvBytesPerToken => plan.KvBytesPerToken;

        public PhaseTotals Prefill(in WorkloadPoint point, ICollection<OperatorRow>? rows = null)
        {
            model.Prefills++;
            return model.Correct(plan.Prefill(point, rows));
        }

        public PhaseTotals Decode(in WorkloadPoint point, ICollection<OperatorRow>? rows = null)
        {
            model.Decodes++;
            return model.Correct(plan.Decode(point, rows));
        }

        public PhaseTotals Step(ReadOnlySpan<PrefillChunk> prefill, ReadOnlySpan<DecodeGroup> decode, ICollection<OperatorRow>? rows = null)
        {
            model.Steps++;
            return model.Correct(plan.Step(prefill, decode, rows));
        }

        public MemoryTotals? Memory(in WorkloadPoint point, double? activationBytes = null) => plan.Memory(point, activationBytes);
    }
}
