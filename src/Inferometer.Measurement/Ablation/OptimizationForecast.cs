using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Inference.Engine;
using Inferometer.Scheduling;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Ablation;

/// <summary>Predicts what each optimisation gains by costing the workload with it and without it.</summary>
public sealed class OptimizationForecast
{
    private readonly ModelArchitecture _architecture;
    private readonly EstimateRequest _request;
    private readonly InferenceOptions _options;
    private readonly ICostModel _costModel;

    /// <summary>Prepares a forecast.</summary>
    /// <param name="request">Model, machine, precisions and workload; the cache format follows from the options.</param>
    /// <param name="options">The engine's options.</param>
    /// <param name="costModel">What turns steps into time; null = the roofline.</param>
    public OptimizationForecast(EstimateRequest request, InferenceOptions options, ICostModel? costModel = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _architecture = request.Architecture;
        _request = request;
        _options = options;
        _costModel = costModel ?? new RooflineCostModel();
    }

    /// <summary>Costs the workload as configured, with each optimisation switched, and from everything off upwards.</summary>
    /// <exception cref="InferometerException">The cost model cannot price the workload.</exception>
    public OptimizationSummary Summarize()
    {
        OptimizationConfiguration baseline = OptimizationConfiguration.Of(_options);
        OptimizationComparison[] ladder = [.. baseline.Ladder().Select(Compare)];
        IEnumerable<Optimization?> added = [null, .. baseline.On.Select(optimization => (Optimization?)optimization)];
        return new OptimizationSummary
        {
            Model = _architecture.Name,
            System = _request.System.Name,
            CostModel = _costModel.Name,
            Workload = _request.Workload,
            Baseline = Compare(baseline),
            Gains = new(Enum.GetValues<Optimization>().Select(optimization => new OptimizationGain(
                optimization, baseline.Has(optimization), Compare(baseline.With(optimization)), Compare(baseline.Without(optimization))))),
            Ladder = new(
                added.Select((optimization, i) => new OptimizationStep(optimization, ladder[0], ladder[Math.Max(0, i - 1)], ladder[i]))),
            Assumptions = _costModel.Prepare(RequestFor(_options)).Assumptions,
        };
    }

    /// <summary>Costs the workload with exactly these optimisations on.</summary>
    /// <exception cref="InferometerException">The cost model cannot price the workload.</exception>
    public PredictedConfiguration Predict(OptimizationConfiguration configuration)
    {
        InferenceOptions options = configuration.Apply(_options);
        ICostPlan plan = _costModel.Prepare(RequestFor(options));
        int rounds = options.Batching == BatchingMode.Off ? _request.Workload.BatchSize : 1;
        EstimateSummary summary = plan.Evaluate(WorkloadPoint.From(plan.Request.Workload));
        double seconds = options.KvCache ? summary.Metrics.EndToEndSeconds : RecomputingSeconds(plan);
        MemoryTotals? use = summary.Memory;
        return new PredictedConfiguration(
            configuration, rounds * seconds, use?.KvCacheBytes ?? double.NaN, use?.ActivationBytes ?? double.NaN);
    }

    private OptimizationComparison Compare(OptimizationConfiguration configuration) => new(Predict(configuration));

    /// <summary>Without a cache every token takes a pass over the whole sequence so far.</summary>
    private static double RecomputingSeconds(ICostPlan plan)
    {
        double seconds = 0;
        WorkloadPoint point = WorkloadPoint.From(plan.Request.Workload);
        for (int generated = 0; generated < point.OutputTokens; generated++)
        {
            seconds += plan.Prefill(
                point with { InputTokens = point.InputTokens + generated, OutputTokens = 1, CachedPrefixTokens = 0 }).LatencySeconds;
        }

        return seconds;
    }

    private EstimateRequest RequestFor(InferenceOptions options)
    {
        Workload workload = _request.Workload with
        {
            BatchSize = options.Batching == BatchingMode.Off ? 1 : _request.Workload.BatchSize,
            CachedPrefixTokens = options.PrefixCache && options.KvCache ? _request.Workload.CachedPrefixTokens : 0,
        };
        return _request with
        {
            Workload = workload,
            FlashAttention = options.FlashAttention,
            Precisions = _request.Precisions with { KvCache = KvPrecision(options) },
        };
    }

    /// <summary>Ungrouped heads hold and read each key and value once per query head: the same elements, more bytes for each.</summary>
    private Precision KvPrecision(InferenceOptions options)
    {
        Precision stored = options.KvElement == KvElement.F32 ? Precision.Fp32 : Precision.Fp16;
        double copies = (double)PagedKvCache.BytesPerBlock(_architecture, options.KvElement, options.GroupedHeads)
            / PagedKvCache.BytesPerBlock(_architecture, options.KvElement, groupedHeads: true);
        return copies > 1 ? stored with { BitsPerElement = stored.BitsPerElement * copies } : stored;
    }
}
