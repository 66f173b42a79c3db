using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Core.Caching;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Features;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Results;

namespace Inferometer.Simulation;

/// <summary>
/// The unified simulation interface: one configuration in, one result out, for every type of simulation, feature and
/// cost model. Safe to share between threads once features are registered.
/// </summary>
public sealed class SimulationEngine
{
    /// <summary>System used when a configuration names none, as the estimator this interface descends from has it.</summary>
    public const string DefaultSystem = "A100_40GB";

    private const string Release = "framework_release";

    private static readonly string[] EngineParameters =
    [
        "system_name", "bits", "cost_model", "framework", Release, "memory_utilization", "communication_overlap", "max_step_tokens",
        "max_sequences", "queueing_ms", "kv_window_extra_tokens",
    ];

    private readonly ModelCatalog _models;
    private readonly HardwareCatalog _hardware;
    private readonly IKvProfileReader? _kvProfiles;
    private readonly IReadOnlyList<ICostModel> _costModels;

    /// <summary>Creates an engine.</summary>
    /// <param name="features">Features that can be used; null = the built-in ones.</param>
    /// <param name="models">Models that can be named; null = the built-in catalog.</param>
    /// <param name="hardware">Systems that can be named; null = the built-in catalog.</param>
    /// <param name="kvProfiles">What reads compression profiles of the KV cache; null = only q8 and q4 can be named.</param>
    /// <param name="costModels">Cost models that can be named; null = the built-in ones.</param>
    public SimulationEngine(
        FeatureRegistry? features = null,
        ModelCatalog? models = null,
        HardwareCatalog? hardware = null,
        IKvProfileReader? kvProfiles = null,
        IReadOnlyList<ICostModel>? costModels = null)
    {
        _kvProfiles = kvProfiles;
        _costModels = costModels ?? CostModels.All;
        Features = features ?? FeatureRegistry.CreateDefault();
        _models = models ?? ModelCatalog.BuiltIn;
        _hardware = hardware ?? HardwareCatalog.BuiltIn;
    }

    /// <summary>Parameters that every simulation takes, beside those of its features.</summary>
    public static IReadOnlyList<string> CommonParameters => EngineParameters;

    /// <summary>The features that can be used.</summary>
    public FeatureRegistry Features { get; }

    /// <summary>What each feature is, needs and cannot be combined with.</summary>
    public IReadOnlyList<FeatureMetadata> GetAvailableFeatures() => Features.Available;

    /// <summary>Checks a configuration without pricing anything.</summary>
    /// <returns>One sentence per fault; empty when <see cref="Simulate"/> can run it.</returns>
    public IReadOnlyList<string> ValidateConfiguration(SimulationConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        List<string> faults = Check(config, out IReadOnlyList<string> names);
        if (faults.Count == 0)
        {
            try
            {
                _ = CostModelOf(config);
                WithRequest(config, names, (_, _) => { });
            }
            catch (InferometerException error)
            {
                faults.Add(error.Message);
            }
        }

        return faults;
    }

    /// <summary>Runs one simulation.</summary>
    /// <exception cref="InferometerException">A name, value or combination is wrong; nothing was computed.</exception>
    public SimulationResult Simulate(SimulationConfig config)
    {
        IReadOnlyList<string> names = Checked(config);
        ICostModel costModel = CostModelOf(config);
        SimulationRun? run = null;
        WithRequest(config, names, (context, features) =>
        {
            run = new(context, [.. features.Select(f => f.Metadata.Name)], costModel.Prepare(context.Request));
            context.Phases = run.Phases;
            features.ForEach(f => f.AfterSimulation(context));
        });
        return run!.ToResult();
    }

    /// <summary>
    /// Resolves a configuration once, for sweeps and services: the plan prices any workload
    /// (<see cref="CostPlanEstimates.Evaluate"/>) and any step (<see cref="ICostPlan.Step"/>) on the deployment the
    /// configuration describes, features included. Its request holds the configuration's own workload. One plan per thread.
    /// </summary>
    /// <exception cref="InferometerException">A name, value or combination is wrong, or the cost model cannot price the
    /// request.</exception>
    public ICostPlan Prepare(SimulationConfig config)
    {
        IReadOnlyList<string> names = Checked(config);
        ICostModel costModel = CostModelOf(config);
        ICostPlan? plan = null;
        WithRequest(config, names, (context, _) => plan = costModel.Prepare(context.Request));
        return plan!;
    }

    /// <summary>Resolves a configuration once, for sweeps: the figures of many workloads on it, as results state them.</summary>
    /// <exception cref="InferometerException">A name, value or combination is wrong, or the cost model cannot price the
    /// request.</exception>
    public PreparedEstimate PrepareEstimate(SimulationConfig config)
    {
        IReadOnlyList<string> names = Checked(config);
        ICostModel costModel = CostModelOf(config);
        PreparedEstimate? prepared = null;
        WithRequest(config, names, (context, features) => prepared = new(
            costModel.Prepare(context.Request), context.Type, [.. features.Select(f => f.Metadata.Name)],
            features.Exists(f => f.Metadata.ReadsWorkload)));
        return prepared!;
    }

    private IReadOnlyList<string> Checked(SimulationConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        List<string> faults = Check(config, out IReadOnlyList<string> names);
        return faults.Count == 0 ? names : throw new InferometerException(string.Join(' ', faults));
    }

    private List<string> Check(SimulationConfig config, out IReadOnlyList<string> names)
    {
        names = WithImplied(config, out List<string> faults);
        faults.AddRange(Features.CheckCombination(names));
        if (faults.Count == 0)
        {
            faults.AddRange(MissingParameters(config, names));
        }

        return faults;
    }

    // Hooks run in the registry's order, whatever the order in the configuration: phase, formats and parallelism first.
    private void WithRequest(SimulationConfig config, IReadOnlyList<string> names, Action<SimulationContext, List<ISimulationFeature>> use)
    {
        List<ISimulationFeature> features = [.. Features.InOrder(names)];
        SimulationContext context = new(config, TypeOf(names), StartingRequest(config), _models.Resolve, _hardware.Resolve, _kvProfiles);
        if (!config.SimulationParams.Contains("system_name") && config.SystemConfig is null)
        {
            context.Assume($"system: {DefaultSystem}, because the configuration names none");
        }

        int initialized = 0;
        try
        {
            foreach (ISimulationFeature feature in features)
            {
                initialized++;
                feature.Initialize(context);
            }

            features.ForEach(f => f.BeforeSimulation(context));
            RequestValidation.Check(context.Request);
            use(context, features);
        }
        finally
        {
            for (int i = initialized - 1; i >= 0; i--)
            {
                features[i].Cleanup();
            }
        }
    }

    private EstimateRequest StartingRequest(SimulationConfig config)
    {
        ParameterBag parameters = config.SimulationParams;
        ModelArchitecture model = _models.Resolve(config.Model);
        // The reproduced simulators know one width for everything; where nothing is said it is bf16.
        string? bits = parameters.Contains("bits") ? parameters.Text("bits", "")
            : CostModelOf(config) is CompatibilityCostModel ? Precision.Bf16.Name
            : null;
        string origin = parameters.Contains("bits") ? $"{parameters.Path}.bits" : "the cost model, which knows one width";
        HardwareSystem system = SystemOf(config);
        FrameworkProfile? framework = parameters.Contains("framework")
            ? FrameworkCatalog.Find(parameters.Text("framework", ""), $"{parameters.Path}.framework")
            : null;
        (PrecisionSet precisions, WeightScheme scheme) = FormatChoice.Of(bits, model, system.Device, framework, origin);
        return new EstimateRequest
        {
            Architecture = model,
            System = system,
            Parallelism = Parallelism.None with { Pipeline = Math.Max(1, system.Devices.Count) },
            Precisions = precisions,
            WeightScheme = scheme,
            WindowExtraTokens = parameters.Int32("kv_window_extra_tokens", 512, 0, 1 << 24),
            FlashAttention = false,
            CommunicationOverlap = parameters.Number("communication_overlap", 0, 0, 1),
            MaxStepTokens = parameters.Int32("max_step_tokens", framework?.SizeOn(system.Device).StepTokens ?? 8192),
            MaxSequences = parameters.Int32("max_sequences", 0),
            Framework = framework,
            Release = ReleaseOf(framework, parameters),
            MemoryUtilization = parameters.Contains("memory_utilization") ? parameters.Number("memory_utilization", 1, 0, 1) : null,
            QueueingSeconds = parameters.Number("queueing_ms", 0, 0, 86_400_000) / 1000,
        };
    }

    private static string? ReleaseOf(FrameworkProfile? framework, ParameterBag parameters)
    {
        if (!parameters.Contains(Release))
        {
            return null;
        }

        string name = parameters.Text(Release, ""), origin = $"{parameters.Path}.{Release}";
        return framework is null
            ? throw new InferometerException($"{origin}: '{name}' is a release of no framework; give the field 'framework' too.")
            : framework.Releases.Contains(name, StringComparer.Ordinal) ? name
                : throw new InferometerException(framework.Releases.Count == 0
                    ? $"{origin}: '{name}' is not known; of {framework.Name} only today's release is, which is without this field."
                    : $"{origin}: '{name}' is not known. Allowed for {framework.Name}: "
                        + $"{string.Join(", ", framework.Releases)}; today's release is without this field.");
    }

    private HardwareSystem SystemOf(SimulationConfig config)
    {
        ParameterBag parameters = config.SimulationParams;
        bool named = parameters.Contains("system_name");
        if (config.SystemConfig is not null)
        {
            return named
                ? throw new InferometerException($"{parameters.Path}.system_name: give either it or system_config, not both.")
                : Inline(config.SystemConfig);
        }

        return parameters.Raw("system_name") is JsonObject
            ? Inline(parameters.Group("system_name"))
            : _hardware.Resolve(parameters.Text("system_name", DefaultSystem));
    }

    private static HardwareSystem Inline(ParameterBag figures)
    {
        using JsonDocument document = JsonDocument.Parse(figures.ToJson().ToJsonString());
        return InlineSystem.Parse(document.RootElement, figures.Path);
    }

    private ICostModel CostModelOf(SimulationConfig config) =>
        CostModels.Find(
            config.SimulationParams.Text("cost_model", CostModels.Default), $"{config.SimulationParams.Path}.cost_model", _costModels);

    private static SimulationType TypeOf(IReadOnlyList<string> names)
    {
        bool prefill = names.Contains("prefill", StringComparer.Ordinal);
        bool decode = names.Contains("decode", StringComparer.Ordinal);
        bool chunked = names.Contains("chunked", StringComparer.Ordinal);
        return (prefill, decode, chunked) switch
        {
            (true, true, false) => SimulationType.EndToEnd,
            (true, false, false) => SimulationType.Prefill,
            (false, true, false) => SimulationType.Decode,
            (false, false, true) => SimulationType.Chunked,
            _ => throw new InferometerException("features: one of prefill, decode (or both) and chunked must be on."),
        };
    }

    // A parameter that belongs to one feature turns that feature on: tensor_parallel: 4 says enough by itself.
    private List<string> WithImplied(SimulationConfig config, out List<string> faults)
    {
        List<string> names = [.. config.Features];
        faults = [];
        foreach (string parameter in config.SimulationParams.Names.Except(EngineParameters, StringComparer.Ordinal))
        {
            string[] owners = [.. Features.OwnersOf(parameter)];
            if (owners.Any(o => names.Contains(o, StringComparer.Ordinal)))
            {
                continue;
            }

            switch (owners.Length)
            {
                case 0:
                    IEnumerable<string> known = EngineParameters.Concat(
                        Features.Available.SelectMany(f => f.Parameters).Select(p => p.Name));
                    string near = NameSuggestion.For(parameter, known);
                    faults.Add($"{config.SimulationParams.Path}: '{parameter}' is not a known parameter."
                        + (near.Length > 0 ? near
                            : " 'inferometer features' lists the features, 'inferometer features NAME' the parameters."));
                    break;
                case 1:
                    names.Add(owners[0]);
                    break;
                default:
                    faults.Add(
                        $"{config.SimulationParams.Path}: '{parameter}' belongs to {string.Join(" and ", owners)}, none of which is on.");
                    break;
            }
        }

        return names;
    }

    private IEnumerable<string> MissingParameters(SimulationConfig config, IReadOnlyList<string> names) =>
        from name in names
        from parameter in Features.Describe(name).Parameters
        where parameter.IsRequired && !config.SimulationParams.Contains(parameter.Name)
        select $"{config.SimulationParams.Path}: feature '{name}' needs '{parameter.Name}'. {parameter.Description}";
}
