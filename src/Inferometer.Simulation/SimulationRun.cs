using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Features;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Results;

namespace Inferometer.Simulation;

/// <summary>One priced simulation: asks the cost model for what the type covers, and writes it down as a result.</summary>
internal sealed class SimulationRun
{
    private readonly SimulationContext _context;
    private readonly IReadOnlyList<string> _features;
    private readonly ICostModel _costModel;
    private readonly List<(PhaseEstimate Phase, double Times)> _phases = [];
    private readonly ServingMetrics _metrics;
    private readonly MemoryReport? _memory;

    public SimulationRun(SimulationContext context, IReadOnlyList<string> features, ICostModel costModel)
    {
        (_context, _features, _costModel) = (context, features, costModel);
        if (context.Type == SimulationType.Chunked)
        {
            _phases.Add((costModel.MixedStep(context.Request, context.Step!), 1));
            return;
        }

        EstimateRequest request = context.Request;
        EstimateReport report = costModel.Estimate(request);
        (_metrics, _memory) = (report.Metrics, report.Memory);
        if (context.Type == SimulationType.Decode)
        {
            // By itself the phase is priced per token, and has at least one step even where one output token is asked for.
            PhaseEstimate decode = costModel.Decode(request);
            _phases.Add((decode, 1 / decode.TokensPerStep));
            return;
        }

        _phases.Add((report.Prefill, 1));
        if (context.Type == SimulationType.EndToEnd && report.Decode is { } steps)
        {
            _phases.Add((steps, (request.Workload.OutputTokens - 1) / steps.TokensPerStep));
        }
    }

    public IReadOnlyList<PhaseEstimate> Phases => [.. _phases.Select(p => p.Phase)];

    public SimulationResult ToResult()
    {
        (double latencyMs, double throughput) = LatencyAndThroughput();
        return new SimulationResult
        {
            SimulationType = _context.Type,
            Model = _context.Request.Architecture.Name,
            System = _context.Request.System.Name,
            Devices = _context.Request.Parallelism.DeviceCount,
            CostModel = _costModel.Name,
            Features = _features,
            Latency = latencyMs,
            Throughput = throughput,
            RuntimeBreakdown = Breakdown(),
            Metrics = MetricsOf(throughput),
            FeatureMetrics = _context.Metrics.ToDictionary(m => m.Key, m => (IReadOnlyDictionary<string, double>)m.Value, StringComparer.Ordinal),
            MemoryUsage = _memory is null ? null : MemoryUsage.From(_memory),
            HardwareUtilization = _phases.ToDictionary(p => p.Phase.Phase, p => HardwareUtilization.From(p.Phase), StringComparer.Ordinal),
            Operators = _phases.ToDictionary(
                p => p.Phase.Phase, p => (IReadOnlyList<OperatorResult>)[.. p.Phase.Operators.Select(OperatorResult.From)], StringComparer.Ordinal),
            Assumptions = [.. _context.Assumptions.Concat(_phases.SelectMany(p => p.Phase.Assumptions)).Distinct(StringComparer.Ordinal)],
        };
    }

    private (double LatencyMs, double Throughput) LatencyAndThroughput() => _context.Type switch
    {
        SimulationType.Prefill => (_phases[0].Phase.LatencySeconds * 1000, _metrics.PrefillTokensPerSecond),
        SimulationType.Decode => (TokenSeconds * 1000, _context.Request.Workload.BatchSize / TokenSeconds),
        SimulationType.EndToEnd => (_metrics.EndToEndSeconds * 1000, _metrics.TotalTokensPerSecond),
        _ => (_phases[0].Phase.LatencySeconds * 1000, StepTokens() / _phases[0].Phase.LatencySeconds),
    };

    /// <summary>Time per output token, seconds; of the last phase, which is decode.</summary>
    private double TokenSeconds => _phases[^1].Phase.LatencySeconds / _phases[^1].Phase.TokensPerStep;

    private double StepTokens() =>
        _context.Step!.Prefill.Sum(c => (double)c.NewTokens * c.Count) + _context.Step.Decode.Sum(d => (double)d.Count);

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

            if (phase.DraftSeconds > 0)
            {
                parts["draft_model"] = parts.GetValueOrDefault("draft_model") + (phase.DraftSeconds * times * 1000);
            }
        }

        return parts;
    }

    private SimulationMetrics MetricsOf(double throughput)
    {
        bool prefill = _context.Type is SimulationType.Prefill or SimulationType.EndToEnd;
        bool decode = _context.Type == SimulationType.Decode || (_context.Type == SimulationType.EndToEnd && _context.Request.Workload.OutputTokens > 1);
        bool whole = _context.Type == SimulationType.EndToEnd;
        return new SimulationMetrics
        {
            TtftMs = prefill ? _metrics.TimeToFirstTokenSeconds * 1000 : null,
            TpotMs = decode ? TokenSeconds * 1000 : null,
            ItlMs = decode ? _phases[^1].Phase.LatencySeconds * 1000 : null,
            E2eMs = whole ? _metrics.EndToEndSeconds * 1000 : null,
            PrefillTokensPerSecond = prefill ? _metrics.PrefillTokensPerSecond : null,
            DecodeTokensPerSecond = decode ? _context.Request.Workload.BatchSize / TokenSeconds : null,
            OutputTokensPerSecond = whole ? _metrics.OutputTokensPerSecond : null,
            TotalTokensPerSecond = whole ? _metrics.TotalTokensPerSecond : null,
            RequestsPerSecond = whole ? _metrics.RequestsPerSecond : null,
            TokensPerMs = throughput / 1000,
            MsPerToken = 1000 / throughput,
            AveragePowerWatts = whole ? _metrics.AveragePowerWatts : null,
            EnergyPerTokenJoules = whole ? _metrics.EnergyPerTokenJoules : null,
            CostPerMillionTokensUsd = whole ? _metrics.CostPerMillionTokensUsd : null,
        };
    }
}
