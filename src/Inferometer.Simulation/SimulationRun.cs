using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Features;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Results;

namespace Inferometer.Simulation;

/// <summary>One priced simulation: asks the prepared plan for what the type covers, and writes it down as a result.</summary>
internal sealed class SimulationRun
{
    private readonly SimulationContext _context;
    private readonly IReadOnlyList<string> _features;
    private readonly ICostPlan _plan;
    private readonly List<(PhaseEstimate Phase, double Times)> _phases = [];
    private readonly ServingMetrics _metrics;
    private readonly MemoryEstimate? _memory;

    public SimulationRun(SimulationContext context, IReadOnlyList<string> features, ICostPlan plan)
    {
        (_context, _features, _plan) = (context, features, plan);
        WorkloadPoint point = WorkloadPoint.From(context.Request.Workload);
        switch (context.Type)
        {
            case SimulationType.Chunked:
                _phases.Add((plan.EstimateStep(context.Step!), 1));
                break;
            case SimulationType.Prefill:
                PhaseEstimate prompt = plan.EstimatePrefill(point);
                _phases.Add((prompt, 1));
                _metrics = CostPlanEstimates.Metrics(plan, point with { OutputTokens = 1 }, prompt.Totals, default);
                _memory = plan.EstimateMemory(point);
                break;
            case SimulationType.Decode:
                // By itself the phase is priced per token, and has at least one step even where one output token is asked for.
                PhaseEstimate decode = plan.EstimateDecode(point);
                _phases.Add((decode, 1 / decode.Totals.TokensPerStep));
                _memory = plan.EstimateMemory(point);
                break;
            default:
                EstimateReport report = plan.Estimate(point);
                (_metrics, _memory) = (report.Metrics, report.Memory);
                _phases.Add((report.Prefill, 1));
                if (report.Decode is { } steps)
                {
                    _phases.Add((steps, (point.OutputTokens - 1) / steps.Totals.TokensPerStep));
                }

                break;
        }
    }

    public IReadOnlyList<PhaseEstimate> Phases => [.. _phases.Select(p => p.Phase)];

    public SimulationResult ToResult()
    {
        RunMetrics run = new(
            _context.Type, _context.Request, WorkloadPoint.From(_context.Request.Workload), _metrics, _phases[^1].Phase.Totals,
                StepTokens());
        (double latencyMs, double throughput, Interval? seconds) = (run.LatencyMs, run.Throughput, run.Seconds);
        return new SimulationResult
        {
            SimulationType = _context.Type,
            Model = _context.Request.Architecture.Name,
            System = _context.Request.System.Name,
            Devices = _context.Request.Parallelism.DeviceCount,
            CostModel = _plan.CostModel,
            Features = _features,
            Latency = latencyMs,
            LatencyInterval = seconds * 1000,
            Throughput = throughput,
            ThroughputInterval = seconds?.RateOf(throughput * latencyMs / 1000),
            RuntimeBreakdown = Breakdown(),
            Metrics = run.ToMetrics(throughput),
            FeatureMetrics = _context.Metrics.ToDictionary(
                m => m.Key, m => (IReadOnlyDictionary<string, double>)m.Value, StringComparer.Ordinal),
            Formats = FormatReport.Of(_plan),
            MemoryUsage = _memory,
            HardwareUtilization = _phases.ToDictionary(p => p.Phase.Phase, p => HardwareUtilization.From(p.Phase), StringComparer.Ordinal),
            Operators = _phases.ToDictionary(
                p => p.Phase.Phase, p =>
                    (IReadOnlyList<OperatorResult>)[.. p.Phase.Operators.Select(OperatorResult.From)], StringComparer.Ordinal),
            Basis = _plan.Basis,
            Warnings = [.. RequestWarnings.Of(_context.Request, generates: _context.Type is not SimulationType.Prefill)],
            Assumptions = [.. _context.Assumptions.Concat(_phases.SelectMany(p => p.Phase.Assumptions)).Distinct(StringComparer.Ordinal)],
        };
    }

    private double StepTokens() => _context.Type != SimulationType.Chunked ? 0
        : _context.Step!.Prefill.Sum(c => (double)c.NewTokens * c.Count) + _context.Step.Decode.Sum(d => (double)d.Count);

    private SortedDictionary<string, double> Breakdown()
    {
        SortedDictionary<string, double> parts = new(StringComparer.Ordinal);
        foreach ((PhaseEstimate phase, double times) in _phases)
        {
            foreach (GroupSeconds group in phase.Groups)
            {
                string name = ResultNames.Of(group.Group);
                parts[name] = parts.GetValueOrDefault(name) + (group.Seconds * times * 1000);
            }

            if (phase.Totals.DraftSeconds > 0)
            {
                parts["draft_model"] = parts.GetValueOrDefault("draft_model") + (phase.Totals.DraftSeconds * times * 1000);
            }
        }

        return parts;
    }
}
