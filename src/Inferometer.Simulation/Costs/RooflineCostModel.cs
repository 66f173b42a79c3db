using Inferometer.Core;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// Peak rates times fixed fractions: every operator takes the longest of its arithmetic, its memory traffic and its
/// offloaded traffic, plus the start of its kernels; operators follow one another. Formulas in docs/physics.md. A thin view on <see cref="EstimatePlan"/>.
/// </summary>
public sealed class RooflineCostModel : ICostModel
{
    /// <inheritdoc/>
    public string Name => "roofline";

    /// <inheritdoc/>
    public EstimateReport Estimate(EstimateRequest request)
    {
        EstimatePlan plan = new(request);
        WorkloadPoint point = WorkloadPoint.From(request.Workload);
        EstimateSummary summary = plan.Evaluate(point);
        EquatableList<string> assumptions = Assumptions.Of(plan);
        return new()
        {
            CostModel = Name,
            Prefill = Prefill(plan, point),
            Decode = point.OutputTokens > 1 ? Decode(plan, point) : null,
            Memory = MemoryLimits.Report(plan, point, summary.Memory),
            Metrics = summary.Metrics,
            Assumptions = assumptions,
        };
    }

    /// <inheritdoc/>
    public PhaseEstimate Prefill(EstimateRequest request)
    {
        EstimatePlan plan = new(request);
        return Prefill(plan, WorkloadPoint.From(request.Workload));
    }

    /// <inheritdoc/>
    public PhaseEstimate Decode(EstimateRequest request)
    {
        EstimatePlan plan = new(request);
        WorkloadPoint point = WorkloadPoint.From(request.Workload);
        return Decode(plan, point with { OutputTokens = Math.Max(2, point.OutputTokens) });
    }

    /// <inheritdoc/>
    public PhaseEstimate MixedStep(EstimateRequest request, StepBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        EstimatePlan plan = new(request);
        PhaseTotals totals = plan.Step(batch.Prefill.AsSpan(), batch.Decode.AsSpan());
        return Detail(plan, "mixed", totals, plan.PrefillState);
    }

    private PhaseEstimate Prefill(EstimatePlan plan, in WorkloadPoint point)
    {
        PhaseTotals totals = plan.Prefill(point, out double draft);
        return Detail(plan, "prefill", totals, plan.PrefillState) with { DraftSeconds = draft };
    }

    private PhaseEstimate Decode(EstimatePlan plan, in WorkloadPoint point)
    {
        PhaseTotals totals = plan.Decode(point, out double draft);
        return Detail(plan, "decode", totals, plan.DecodeState) with
        {
            DraftSeconds = draft,
            TokensPerStep = plan.Request.Speculative?.ExpectedTokens ?? 1,
        };
    }

    private PhaseEstimate Detail(EstimatePlan plan, string phase, in PhaseTotals totals, StepState step)
    {
        List<OperatorRow> rows = [];
        for (int c = 0; c < plan.Layout.Classes.Length; c++)
        {
            int count = plan.Layout.Totals[c] * step.MicroBatches;
            LayerClass part = plan.Layout.Classes[c];
            for (int i = 0; count > 0 && i < part.Compiled.Length; i++)
            {
                if (step.IsActive(part.Compiled[i]))
                {
                    rows.Add(Row(plan.Profile, part, i, count, step));
                }
            }
        }

        return new()
        {
            CostModel = Name,
            Phase = phase,
            Totals = totals,
            Operators = new(rows),
            Groups = new(rows.GroupBy(row => row.Group).OrderBy(group => group.Key).Select(group => new GroupSeconds(group.Key, group.Sum(row => row.TotalSeconds)))),
            Assumptions = Assumptions.Of(plan),
        };
    }

    private static OperatorRow Row(DeploymentProfile profile, LayerClass part, int index, int count, StepState step)
    {
        OperatorTemplate item = part.Templates[index];
        ref readonly CompiledOperator compiled = ref part.Compiled[index];
        step.Variables(compiled, out StepVariables v);
        OperatorCost cost = compiled.Cost(v, step.Steps, step.Pieces(compiled.Span));
        double flops = item.Flops.At(v);
        return new()
        {
            Name = item.Name,
            LayerClass = part.Index,
            Group = item.Group,
            Count = count,
            Flops = flops,
            WeightBytes = item.Weights.At(v),
            KvReadBytes = item.KvRead.At(v),
            KvWriteBytes = item.KvWrite.At(v),
            ActivationReadBytes = item.ActivationRead.At(v),
            ActivationWriteBytes = item.ActivationWrite.At(v),
            CollectiveBytes = item.Message.At(v),
            Seconds = cost.Seconds,
            ComputeSeconds = cost.ComputeSeconds,
            MemorySeconds = cost.MemorySeconds,
            OffloadSeconds = cost.LinkSeconds,
            NetworkSeconds = cost.NetworkSeconds,
            Bound = cost.Bound,
            FlopUtilization = Share(flops, cost.Seconds * profile.PeakFlops(item.Rate)),
            BandwidthUtilization = Share(compiled.Bytes.At(v), cost.Seconds * profile.Device.MemoryBandwidth),
        };
    }

    private static double Share(double done, double possible) => possible > 0 ? done / possible : 0;
}
