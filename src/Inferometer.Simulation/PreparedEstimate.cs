using Inferometer.Core;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Results;

namespace Inferometer.Simulation;

/// <summary>
/// A configuration resolved once, that gives the figures of any workload on it: what <see cref="SimulationEngine.Simulate"/> gives, to the
/// last bit, without operators, parts, notes and texts. For sweeps. Not safe to share between threads.
/// </summary>
public sealed class PreparedEstimate
{
    private readonly SimulationResult _template;

    internal PreparedEstimate(ICostPlan plan, SimulationType type, IReadOnlyList<string> features, bool readsWorkload)
    {
        Plan = plan;
        Type = type;
        HoldsForAnyWorkload = !readsWorkload && type != SimulationType.Chunked
            && (plan.Request.Framework is null || plan.Request.MaxStepTokens > 0);
        EstimateRequest request = plan.Request;
        _template = new SimulationResult
        {
            SimulationType = type,
            Model = request.Architecture.Name,
            System = request.System.Name,
            Devices = request.Parallelism.DeviceCount,
            CostModel = plan.CostModel,
            Features = features,
            Latency = 0,
            Throughput = 0,
            RuntimeBreakdown = new Dictionary<string, double>(StringComparer.Ordinal),
            Metrics = new SimulationMetrics(),
            FeatureMetrics = new Dictionary<string, IReadOnlyDictionary<string, double>>(StringComparer.Ordinal),
            HardwareUtilization = new Dictionary<string, HardwareUtilization>(StringComparer.Ordinal),
            Operators = new Dictionary<string, IReadOnlyList<OperatorResult>>(StringComparer.Ordinal),
            Basis = plan.Basis,
            Assumptions = [],
        };
    }

    /// <summary>The plan that prices it.</summary>
    public ICostPlan Plan { get; }

    /// <summary>What a simulation of it covers.</summary>
    public SimulationType Type { get; }

    /// <summary>
    /// The deployment does not follow from the workload of the configuration: <see cref="Evaluate"/> holds for any other as well. False
    /// where a feature sizes something by it (<see cref="Features.FeatureMetadata.ReadsWorkload"/>), or a step is simulated.
    /// </summary>
    public bool HoldsForAnyWorkload { get; }

    /// <summary>Memory of the fullest device, which prices no time; null where the cost model has no notion of it.</summary>
    /// <param name="point">The workload.</param>
    /// <exception cref="InferometerException">The workload is impossible.</exception>
    public MemoryTotals? Memory(in WorkloadPoint point) => Plan.Memory(point);

    /// <summary>The figures of a workload.</summary>
    /// <param name="point">The workload.</param>
    /// <param name="memory">What <see cref="Memory"/> gave for it.</param>
    /// <param name="withLimits">
    /// Also how far it could grow (<see cref="MemoryEstimate.LargestBatch"/> and what follows from it), which takes some forty times as
    /// long
    /// as the sums; otherwise those are 0 or null.
    /// </param>
    /// <exception cref="InferometerException">The workload is impossible, or a step is simulated.</exception>
    public SimulationResult Evaluate(in WorkloadPoint point, in MemoryTotals? memory, bool withLimits)
    {
        (ServingMetrics serving, PhaseTotals last) = Price(point);
        RunMetrics run = new(Type, Plan.Request, point, serving, last, 0);
        double throughput = run.Throughput;
        double latency = run.LatencyMs;
        Interval? seconds = run.Seconds;
        return _template with
        {
            Latency = latency,
            LatencyInterval = seconds * 1000,
            Throughput = throughput,
            ThroughputInterval = seconds?.RateOf(throughput * latency / 1000),
            Metrics = run.ToMetrics(throughput),
            MemoryUsage = memory is not { } totals ? null
                : withLimits ? MemoryLimits.Report(Plan, point, totals)
                : MemoryLimits.Sums(Plan, totals),
        };
    }

    private (ServingMetrics Serving, PhaseTotals Last) Price(in WorkloadPoint point)
    {
        switch (Type)
        {
            case SimulationType.Prefill:
                PhaseTotals prompt = Plan.Prefill(point);
                return (CostPlanEstimates.Metrics(Plan, point with { OutputTokens = 1 }, prompt, default), prompt);
            case SimulationType.Decode:
                return (default, Plan.Decode(point));
            case SimulationType.EndToEnd:
                PhaseTotals prefill = Plan.Prefill(point);
                PhaseTotals decode = point.OutputTokens > 1 ? Plan.Decode(point) : default;
                return (CostPlanEstimates.Metrics(Plan, point, prefill, decode), point.OutputTokens > 1 ? decode : prefill);
            default:
                throw new InferometerException("chunked: a step is no workload; simulate it as a whole.");
        }
    }
}
