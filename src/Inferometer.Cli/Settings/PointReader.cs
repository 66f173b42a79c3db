using System.Collections.Concurrent;
using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Compression;
using Inferometer.Core;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Planning;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Cli.Settings;

/// <summary>
/// Points of sweeps in the words of the command line: whatever 'estimate' and 'simulate' take as an option is a setting of a point, read
/// and checked by that option.
/// </summary>
internal sealed class PointReader : IPointReader
{
    private const string ModelName = "model";
    private const string SystemName = "on";
    private const string ParameterName = "param";

    private static readonly Dictionary<string, WorkloadField> s_workload = new(StringComparer.Ordinal)
    {
        ["batch_size"] = WorkloadField.BatchSize,
        ["input_tokens"] = WorkloadField.InputTokens,
        ["output_tokens"] = WorkloadField.OutputTokens,
        ["beam_size"] = WorkloadField.BeamWidth,
        ["prefix_caching.cached_tokens"] = WorkloadField.CachedPrefixTokens,
    };

    private readonly Catalogs _catalogs;
    private readonly IReadOnlyList<PointSetting> _ofEstimates = Declared(new PointOptions(simulated: false).Command, simulated: false);
    private readonly IReadOnlyList<PointSetting> _ofServices = Declared(new PointOptions(simulated: true).Command, simulated: true);
    private readonly ConcurrentBag<PointOptions> _estimates = [];
    private readonly ConcurrentBag<PointOptions> _services = [];

    /// <summary>Reads points with the names of some catalogs.</summary>
    public PointReader(Catalogs catalogs)
    {
        _catalogs = catalogs;
        Engine = catalogs.CreateEngine(new KvProfileReader());
    }

    /// <inheritdoc/>
    public SimulationEngine Engine { get; }

    /// <inheritdoc/>
    public IReadOnlyList<PointSetting> Settings(bool simulated) => simulated ? _ofServices : _ofEstimates;

    /// <inheritdoc/>
    public PointSetting? Parameter(string name)
    {
        string parameter = name.Split('.')[0];
        return SimulationEngine.CommonParameters.Contains(parameter, StringComparer.Ordinal)
            || Engine.GetAvailableFeatures().Any(f => f.Parameters.Any(p => string.Equals(p.Name, parameter, StringComparison.Ordinal)))
            ? new PointSetting(name, name)
            : null;
    }

    /// <inheritdoc/>
    public void Check(SaidSetting said, bool simulated) => With(simulated, options =>
    {
        PathCheck.Require(options.Parse(Arguments(said, simulated)));
        if (said.Setting.Name is ModelName)
        {
            _ = _catalogs.Models.Resolve(said.Text);
        }
        else if (said.Setting.Name is SystemName && !said.Text.Contains('=', StringComparison.Ordinal))
        {
            _ = _catalogs.Hardware.Resolve(said.Text);
        }

        return true;
    });

    /// <inheritdoc/>
    public SimulationConfig ReadEstimate(IReadOnlyList<SaidSetting> said) => With(simulated: false, options =>
    {
        ParseResult parsed = options.Parse([.. said.SelectMany(s => Arguments(s, simulated: false))]);
        return _catalogs.Canonical(options.Deployment.ReadOne(parsed, ModelOf(said)));
    });

    /// <inheritdoc/>
    public PointService ReadService(IReadOnlyList<SaidSetting> said) => With(simulated: true, options =>
    {
        ParseResult parsed = options.Parse([.. said.SelectMany(s => Arguments(s, simulated: true))]);
        SimulationConfig config = _catalogs.Canonical(options.Deployment.ReadOne(parsed, ModelOf(said)));
        string model = ModelOf(said);
        _ = options.Traffic.Read(parsed, plan: null, model); // what is wrong with it is said before anything is priced
        return new PointService
        {
            Deployment = config,
            Source = plan => Asked(plan).Source,
            Options = plan => AsErrors(() => options.Service.Read(parsed, plan, Asked(plan), options.Traffic.Seed(parsed))),
            PromptsMayBeginAlike = said.Any(s => s.Setting.Name is "trace" or "turns" or "shared-prefix"),
        };

        Traffic Asked(ICostPlan plan) => options.Traffic.Read(
            parsed, plan, model, replicas: options.Service.Replicas(parsed));
    });

    private static IReadOnlyList<PointSetting> Declared(Command command, bool simulated) =>
    [
        new PointSetting(ModelName, "model"),
        .. command.Options.Where(o => o is IDeclared && !o.Hidden && o.Name is not ("--param" or "--catalog"))
            .Select(o => Of(o, simulated)),
    ];

    private static PointSetting Of(Option option, bool simulated)
    {
        string name = option.Name.TrimStart('-');
        string key = name is SystemName ? "system"
            : option is SettingOption s ? s.Setting.Key ?? s.Setting.Parameter
            : name.Replace('-', '_');
        return new PointSetting(name, key)
        {
            Aliases = name is SystemName
                ? ["system", "system_name"]
                :
                [
                    .. option.Aliases.Select(a => a.TrimStart('-')),
                    .. option is SettingOption t ? [t.Setting.Parameter] : Array.Empty<string>(),
                ],
            IsFlag = option is FlagOption,
            Workload = !simulated && option is SettingOption w && s_workload.TryGetValue(w.Setting.Parameter, out WorkloadField field)
                ? field : null,
        };
    }

    private static string ModelOf(IReadOnlyList<SaidSetting> said) =>
        said.FirstOrDefault(s => s.Setting.Name is ModelName)?.Text
            ?? throw new InferometerException("a point says no model; a space needs 'model', in base or as an axis.");

    private string[] Arguments(SaidSetting said, bool simulated) => said.Setting switch
    {
        { Name: ModelName } => string.IsNullOrWhiteSpace(said.Text) ? throw new InferometerException("model: the name is empty.") : [],
        { IsFlag: true } => said.Text switch
        {
            "true" => [$"--{said.Setting.Name}"],
            "false" or "none" => [],
            string other => throw new InferometerException($"{said.Setting.Name}: '{other}' is not allowed; it must be true or false."),
        },
        _ when !Settings(simulated).Contains(said.Setting) => [$"--{ParameterName}", $"{said.Setting.Name}={said.Text}"],
        { Name: "features" } when said.Text is "none" or "" => [],
        _ => [$"--{said.Setting.Name}", said.Text],
    };

    // Parsers are not made for several threads at once, and making one takes longer than using it.
    private T With<T>(bool simulated, Func<PointOptions, T> use)
    {
        ConcurrentBag<PointOptions> idle = simulated ? _services : _estimates;
        PointOptions options = idle.TryTake(out PointOptions? some) ? some : new PointOptions(simulated);
        try
        {
            return AsErrors(() => use(options));
        }
        finally
        {
            idle.Add(options);
        }
    }

    // What would be a wrong command line is here a wrong point.
    private static T AsErrors<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (UsageException wrong)
        {
            throw new InferometerException(wrong.Message, wrong);
        }
    }
}
