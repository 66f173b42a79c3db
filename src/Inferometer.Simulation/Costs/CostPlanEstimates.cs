using Inferometer.Core;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// What follows from a plan's answers, the same for every cost model: whole workloads, steps in detail, memory with its
/// limits. Each prices a phase once. Where no point is given, the workload of the plan's request is meant.
/// </summary>
public static class CostPlanEstimates
{
    /// <summary>Both phases, memory and metrics of a workload, numbers only. Allocates nothing beyond what the plan does.</summary>
    /// <exception cref="InferometerException">The workload is impossible.</exception>
    public static EstimateSummary Evaluate(this ICostPlan plan, in WorkloadPoint point)
    {
        ArgumentNullException.ThrowIfNull(plan);
        PhaseTotals prefill = plan.Prefill(point);
        PhaseTotals decode = point.OutputTokens > 1 ? plan.Decode(point) : default;
        return new()
        {
            Prefill = prefill,
            Decode = decode,
            Memory = plan.Memory(point, Math.Max(prefill.PeakActivationBytes, decode.PeakActivationBytes)),
            Metrics = Metrics(plan, point, prefill, decode),
        };
    }

    /// <summary>Both phases in detail, memory with its limits, and metrics.</summary>
    /// <exception cref="InferometerException">The workload is impossible.</exception>
    public static EstimateReport Estimate(this ICostPlan plan, WorkloadPoint? point = null)
    {
        WorkloadPoint at = PointOf(plan, point);
        PhaseEstimate prefill = plan.EstimatePrefill(at);
        PhaseEstimate? decode = at.OutputTokens > 1 ? plan.EstimateDecode(at) : null;
        double activations = Math.Max(prefill.Totals.PeakActivationBytes, decode?.Totals.PeakActivationBytes ?? 0);
        return new()
        {
            CostModel = plan.CostModel,
            Prefill = prefill,
            Decode = decode,
            Memory = plan.Memory(at, activations) is { } totals ? MemoryLimits.Report(plan, at, totals) : null,
            Metrics = Metrics(plan, at, prefill.Totals, decode?.Totals ?? default),
            Assumptions = plan.Assumptions,
        };
    }

    /// <summary>The step that reads the prompts, with its operators.</summary>
    /// <exception cref="InferometerException">The workload is impossible.</exception>
    public static PhaseEstimate EstimatePrefill(this ICostPlan plan, WorkloadPoint? point = null)
    {
        WorkloadPoint at = PointOf(plan, point);
        List<OperatorRow> rows = [];
        return Detail(plan, "prefill", plan.Prefill(at, rows), rows);
    }

    /// <summary>The average decode step, with its operators; see <see cref="ICostPlan.Decode"/>.</summary>
    /// <exception cref="InferometerException">The workload is impossible.</exception>
    public static PhaseEstimate EstimateDecode(this ICostPlan plan, WorkloadPoint? point = null)
    {
        WorkloadPoint at = PointOf(plan, point);
        List<OperatorRow> rows = [];
        return Detail(plan, "decode", plan.Decode(at, rows), rows);
    }

    /// <summary>One mixed step, with its operators; see <see cref="ICostPlan.Step"/>.</summary>
    /// <exception cref="InferometerException">The batch is empty or a part of it is impossible.</exception>
    public static PhaseEstimate EstimateStep(this ICostPlan plan, StepBatch batch)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(batch);
        List<OperatorRow> rows = [];
        return Detail(plan, "mixed", plan.Step(batch.Prefill.AsSpan(), batch.Decode.AsSpan(), rows), rows);
    }

    /// <summary>
    /// Memory of the fullest device, and how far the workload could grow; null where the cost model has no notion of it. Prices no time.
    /// </summary>
    /// <exception cref="InferometerException">The workload is impossible.</exception>
    public static MemoryEstimate? EstimateMemory(this ICostPlan plan, WorkloadPoint? point = null)
    {
        WorkloadPoint at = PointOf(plan, point);
        return plan.Memory(at) is { } totals ? MemoryLimits.Report(plan, at, totals) : null;
    }

    /// <summary>
    /// The metrics of a workload whose phases are priced; <paramref name="decode"/> is not looked at when one output token is asked for.
    /// </summary>
    internal static ServingMetrics Metrics(ICostPlan plan, in WorkloadPoint point, in PhaseTotals prefill, in PhaseTotals decode)
    {
        bool generates = point.OutputTokens > 1;
        return ServingMetrics.From(new()
        {
            BatchSize = point.BatchSize,
            InputTokens = point.InputTokens,
            OutputTokens = point.OutputTokens,
            Devices = plan.Request.Parallelism.DeviceCount,
            QueueingSeconds = plan.Request.QueueingSeconds,
            PrefillSeconds = prefill.LatencySeconds,
            PrefillInterval = prefill.LatencyInterval,
            StepSeconds = decode.LatencySeconds,
            StepInterval = decode.LatencyInterval,
            TokensPerStep = generates ? decode.TokensPerStep : 1,
            PrefillFlopUtilization = prefill.FlopUtilization,
            DecodeFlopUtilization = decode.FlopUtilization,
            PrefillBandwidthUtilization = prefill.BandwidthUtilization,
            DecodeBandwidthUtilization = decode.BandwidthUtilization,
            PrefillWatts = prefill.DeviceWatts ?? double.NaN,
            DecodeWatts = generates ? decode.DeviceWatts ?? double.NaN : 0,
            PricePerHourUsd = plan.Request.System.Device.PricePerHourUsd,
        });
    }

    private static WorkloadPoint PointOf(ICostPlan plan, WorkloadPoint? point)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return point ?? WorkloadPoint.From(plan.Request.Workload);
    }

    private static PhaseEstimate Detail(ICostPlan plan, string phase, in PhaseTotals totals, List<OperatorRow> rows) => new()
    {
        CostModel = plan.CostModel,
        Phase = phase,
        Totals = totals,
        Operators = [.. rows],
        Groups =
        [
            .. rows.GroupBy(row => row.Group).OrderBy(group => group.Key)
                .Select(group => new GroupSeconds(group.Key, group.Sum(row => row.TotalSeconds))),
        ],
        Assumptions = plan.Assumptions,
    };
}
