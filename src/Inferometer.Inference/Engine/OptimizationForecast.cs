using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Inference.Execution;
using Inferometer.Scheduling;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Memory;
using Inferometer.Simulation.Requests;

namespace Inferometer.Inference.Engine;

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

    /// <summary>The machine the forecast is for.</summary>
    public HardwareSystem System => _request.System;

    /// <summary>Costs the workload as configured, with each optimisation switched, and with all off.</summary>
    /// <exception cref="Core.InferometerException">The cost model cannot price the workload.</exception>
    public OptimizationSummary Summarize()
    {
        IEnumerable<OptimizationGain> gains = Enum.GetValues<Optimization>().Select(Gain);
        return new OptimizationSummary
        {
            Model = _architecture.Name,
            System = _request.System.Name,
            CostModel = _costModel.Name,
            Workload = _request.Workload,
            Gains = new(gains),
            ExpectedSpeedup = Seconds(OptimizationSwitches.AllOff(_options)) / Seconds(_options),
            Assumptions = _costModel.Estimate(RequestFor(_options)).Assumptions,
        };
    }

    private OptimizationGain Gain(Optimization optimization)
    {
        InferenceOptions with = OptimizationSwitches.Set(_options, optimization, isOn: true);
        InferenceOptions without = OptimizationSwitches.Set(_options, optimization, isOn: false);
        return new OptimizationGain
        {
            Optimization = optimization,
            IsEnabled = OptimizationSwitches.IsOn(_options, optimization),
            ExpectedSpeedup = Seconds(without) / Seconds(with),
            ExpectedMemorySaving = optimization is Optimization.FlashAttention or Optimization.GroupedHeads ? 1 - (WorkingBytes(with) / WorkingBytes(without)) : null,
        };
    }

    private double Seconds(InferenceOptions options)
    {
        EstimateRequest request = RequestFor(options);
        int rounds = options.Batching == BatchingMode.Off ? _request.Workload.BatchSize : 1;
        return rounds * (options.KvCache ? _costModel.Estimate(request).Metrics.EndToEndSeconds : RecomputingSeconds(request));
    }

    /// <summary>Without a cache every token takes a pass over the whole sequence so far.</summary>
    private double RecomputingSeconds(EstimateRequest request)
    {
        double seconds = 0;
        for (int generated = 0; generated < request.Workload.OutputTokens; generated++)
        {
            Workload pass = request.Workload with { InputTokens = request.Workload.InputTokens + generated, OutputTokens = 1, CachedPrefixTokens = 0 };
            seconds += _costModel.Prefill(request with { Workload = pass }).LatencySeconds;
        }

        return seconds;
    }

    private double WorkingBytes(InferenceOptions options) =>
        _costModel.Estimate(RequestFor(options)).Memory is { } report ? WorkingBytes(report.Use) : double.NaN;

    private static double WorkingBytes(in MemoryUse use) => use.KvBytes + use.ActivationBytes;

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
        Precision stored = options.KvElement == Kernels.Attention.KvElement.F32 ? Precision.Fp32 : Precision.Fp16;
        double copies = (double)PagedKvCache.BytesPerBlock(_architecture, options.KvElement, options.GroupedHeads)
            / PagedKvCache.BytesPerBlock(_architecture, options.KvElement, groupedHeads: true);
        return copies > 1 ? stored with { BitsPerElement = stored.BitsPerElement * copies } : stored;
    }
}
