using Inferometer.Core.Caching;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Features;

/// <summary>One simulation on its way: what was asked, the request being built, and the figures features add. Used by one thread.</summary>
public sealed class SimulationContext
{
    private readonly Func<string, ModelArchitecture> _resolveModel;
    private readonly Func<string, HardwareSystem> _resolveSystem;
    private readonly IKvProfileReader? _kvProfiles;
    private readonly SortedDictionary<string, SortedDictionary<string, double>> _metrics = new(StringComparer.Ordinal);
    private readonly List<string> _assumptions = [];

    internal SimulationContext(
        SimulationConfig config,
        SimulationType type,
        EstimateRequest request,
        Func<string, ModelArchitecture> resolveModel,
        Func<string, HardwareSystem> resolveSystem,
        IKvProfileReader? kvProfiles)
    {
        _kvProfiles = kvProfiles;
        Config = config;
        Type = type;
        Request = request;
        _resolveModel = resolveModel;
        _resolveSystem = resolveSystem;
    }

    /// <summary>What the user asked for.</summary>
    public SimulationConfig Config { get; }

    /// <summary>What the simulation covers.</summary>
    public SimulationType Type { get; }

    /// <summary>The parameters of the simulation.</summary>
    public ParameterBag Parameters => Config.SimulationParams;

    /// <summary>The request the cost model will see; features replace it with a changed copy.</summary>
    public EstimateRequest Request { get; set; }

    /// <summary>The mixed batch of a chunked simulation; null for the other types.</summary>
    public StepBatch? Step { get; set; }

    /// <summary>What the cost model made of the request: one phase, or prefill and decode. Empty before the simulation.</summary>
    public IReadOnlyList<PhaseEstimate> Phases { get; internal set; } = [];

    /// <summary>Figures added by features, by feature and name.</summary>
    internal SortedDictionary<string, SortedDictionary<string, double>> Metrics => _metrics;

    internal IReadOnlyList<string> Assumptions => _assumptions;

    /// <summary>Finds a model by name or path, as the configuration's own model is found.</summary>
    /// <exception cref="Core.InferometerException">No such model.</exception>
    public ModelArchitecture ResolveModel(string nameOrPath) => _resolveModel(nameOrPath);

    /// <summary>Finds a system by name or file.</summary>
    /// <exception cref="Core.InferometerException">No such system.</exception>
    public HardwareSystem ResolveSystem(string nameOrPath) => _resolveSystem(nameOrPath);

    /// <summary>What a compression profile of the KV cache costs for the model of the request.</summary>
    /// <param name="profile">Name or file.</param>
    /// <param name="origin">Where the name stands, for errors.</param>
    /// <exception cref="Core.InferometerException">No such profile, or the engine was given nothing that reads profiles.</exception>
    public KvCodecCost ReadKvProfile(string profile, string origin) => _kvProfiles is null
        ? throw new Core.InferometerException($"{origin}: '{profile}' is not allowed; it must be q8 or q4.")
        : _kvProfiles.Read(profile, Config.Model, Request.Architecture);

    /// <summary>Adds a figure to the result's <c>feature_metrics</c>.</summary>
    /// <param name="feature">Name of the feature.</param>
    /// <param name="name">Name of the figure, with its unit.</param>
    /// <param name="value">A finite number.</param>
    public void AddMetric(string feature, string name, double value)
    {
        if (!_metrics.TryGetValue(feature, out SortedDictionary<string, double>? figures))
        {
            figures = new SortedDictionary<string, double>(StringComparer.Ordinal);
            _metrics[feature] = figures;
        }

        figures[name] = value;
    }

    /// <summary>Notes something the result takes for granted; it is shown with the result.</summary>
    public void Assume(string assumption) => _assumptions.Add(assumption);
}
