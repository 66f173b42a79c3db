using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Results;

namespace Inferometer.Simulation.Estimators;

/// <summary>
/// The estimator functions, as views on <see cref="SimulationEngine"/>: each builds one configuration, simulates it, and
/// renames what comes back. Flash attention is on, as in every serving framework. Safe to share between threads.
/// </summary>
public sealed class PerformanceEstimator
{
    private readonly SimulationEngine _engine;
    private readonly HardwareCatalog _hardware;

    /// <summary>Creates the functions over an engine; null = one with the built-in features and catalogs.</summary>
    public PerformanceEstimator(SimulationEngine? engine = null, HardwareCatalog? hardware = null)
    {
        _hardware = hardware ?? HardwareCatalog.BuiltIn;
        _engine = engine ?? new SimulationEngine(hardware: _hardware);
    }

    /// <summary>The figures of a system by name or alias.</summary>
    /// <exception cref="InferometerException">No such system; the message offers near names.</exception>
    public HardwareConfig GetHardwareConfig(string name) => HardwareConfig.From(_hardware.Find(name));

    /// <summary>The prompt phase.</summary>
    /// <exception cref="InferometerException">A name or value is wrong.</exception>
    public PrefillPerformance EstimatePrefillPerformance(PerformanceQuery query) =>
        PrefillOf(_engine.Simulate(ConfigurationOf(query, "prefill")));

    /// <summary>The generation phase.</summary>
    /// <exception cref="InferometerException">A name or value is wrong.</exception>
    public DecodePerformance EstimateDecodePerformance(PerformanceQuery query) =>
        DecodeOf(_engine.Simulate(ConfigurationOf(query, "decode")), query);

    /// <summary>A whole request.</summary>
    /// <exception cref="InferometerException">A name or value is wrong.</exception>
    public EndToEndPerformance EstimateEndToEndPerformance(PerformanceQuery query)
    {
        SimulationResult whole = _engine.Simulate(ConfigurationOf(query, "prefill", "decode"));
        return new EndToEndPerformance
        {
            TotalLatency = whole.Latency,
            TimeToFirstToken = whole.Metrics.TtftMs!.Value,
            AverageTimePerOutputToken = whole.Metrics.TpotMs ?? 0,
            TotalThroughput = whole.Throughput,
            Prefill = EstimatePrefillPerformance(query),
            Decode = EstimateDecodePerformance(query),
        };
    }

    /// <summary>
    /// Whole requests under several configurations, by total throughput, best first; impossible ones last with the reason.
    /// </summary>
    public IReadOnlyList<ConfigurationPerformance> ComparePerformanceConfigurations(IEnumerable<PerformanceQuery> configurations)
    {
        ArgumentNullException.ThrowIfNull(configurations);
        return
        [
            .. configurations.Select((query, i) => Try(query, query.Name.Length > 0 ? query.Name : $"configuration {i + 1}"))
                .OrderByDescending(c => c.Performance?.TotalThroughput ?? -1),
        ];
    }

    /// <summary>The configuration an estimator function simulates.</summary>
    public SimulationConfig ConfigurationOf(PerformanceQuery query, params ReadOnlySpan<string> phases)
    {
        ArgumentNullException.ThrowIfNull(query);
        JsonObject parameters = new()
        {
            ["batch_size"] = query.BatchSize,
            ["input_tokens"] = query.InputTokens,
            ["system_name"] = query.System.ToParameter(_hardware.Find),
            ["bits"] = query.Bits,
            ["cost_model"] = query.CostModel,
        };
        if (phases.Contains("decode"))
        {
            parameters["output_tokens"] = query.OutputTokens;
            parameters["beam_size"] = query.BeamSize;
        }

        AddDegree(parameters, "tensor_parallel", query.TensorParallel);
        AddDegree(parameters, "pipeline_parallel", query.PipelineParallel);
        AddDegree(parameters, "expert_parallel", query.ExpertParallel);
        return new SimulationConfig
        {
            Model = query.Model,
            Features = [.. phases, "flash_attention"],
            SimulationParams = new ParameterBag(parameters, "parameters"),
        };
    }

    private static void AddDegree(JsonObject parameters, string name, int degree)
    {
        if (degree != 1)
        {
            parameters[name] = degree;
        }
    }

    private ConfigurationPerformance Try(PerformanceQuery query, string name)
    {
        try
        {
            return new ConfigurationPerformance { ConfigurationName = name, Performance = EstimateEndToEndPerformance(query) };
        }
        catch (InferometerException error)
        {
            return new ConfigurationPerformance { ConfigurationName = name, Error = error.Message };
        }
    }

    private static PrefillPerformance PrefillOf(SimulationResult result) => new()
    {
        Latency = result.Latency,
        Throughput = result.Throughput,
        TimeToFirstToken = result.Metrics.TtftMs!.Value,
        MemoryUsed = result.MemoryUsage,
        ComputeBreakdown = Compute(result),
        CommunicationBreakdown = Communication(result),
    };

    private static DecodePerformance DecodeOf(SimulationResult result, PerformanceQuery query) => new()
    {
        Latency = result.Latency,
        TotalLatency = result.Latency * Math.Max(1, query.OutputTokens - 1),
        TimePerOutputToken = result.Metrics.TpotMs!.Value,
        Throughput = result.Throughput,
        EffectiveThroughput = result.Throughput * query.BeamSize,
        MemoryUsed = result.MemoryUsage,
        ComputeBreakdown = Compute(result),
        CommunicationBreakdown = Communication(result),
    };

    private static SortedDictionary<string, double> Compute(SimulationResult result) => new(
        result.RuntimeBreakdown.Where(p => !string.Equals(p.Key, Collectives, StringComparison.Ordinal))
            .ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal);

    private static SortedDictionary<string, double> Communication(SimulationResult result) => new(
        result.Operators.Values.SelectMany(o => o)
            .Where(o => string.Equals(o.Group, Collectives, StringComparison.Ordinal))
            .GroupBy(o => o.Name, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Sum(o => o.TotalMs), StringComparer.Ordinal), StringComparer.Ordinal);

    private static string Collectives { get; } = ResultNames.Of(OperatorGroup.Collectives);
}
