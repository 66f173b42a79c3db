using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Core;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Features;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Settings;

/// <summary>The options that describe an estimate, declared once for every command that makes estimates.</summary>
internal sealed class DeploymentOptions
{
    private const int MostCombinations = 10_000;
    private readonly bool _ofService;
    private readonly SystemOption _system = new();
    private readonly SettingOption[] _settings;
    private readonly FlagOption _attentionData = new(["--attention-dp"], "The --dp ranks replicate attention and share the experts.");
    private readonly FlagOption _uneven = new(
        ["--allow-uneven"], "Price tensor parallelism that does not divide the heads, which frameworks refuse.");

    private readonly FlagOption _noFlash = new(["--no-flash-attention"], "The score matrix goes through memory.");
    private readonly RepeatedOption<string[]> _features = new(
        ["--features"],
        new("A,B", null, Features),
        "Features beside flash_attention; naming a phase (prefill, decode, chunked) replaces the default, prefill and decode.");

    private readonly RepeatedOption<string> _parameters = new(
        ["--param", "-p"],
        new("NAME=VALUE", null, (text, _) => ParameterText.Checked(text)),
        "A parameter of a feature, such as lora.rank=8, the value as JSON or text; turns the feature on.");

    private readonly PathOption _catalog = CatalogOption("Folder with models/*.json, hardware/*.json and calibration/*.json of your own.");

    /// <summary>Declares the options.</summary>
    /// <param name="ofService">Those of the deployment alone, without those of a single workload.</param>
    public DeploymentOptions(bool ofService = false)
    {
        _ofService = ofService;
        _settings = [.. (ofService ? EstimateSettings.OfDeployment : EstimateSettings.All).Select(s => new SettingOption(s))];
    }

    private IEnumerable<Option> Describing => [_system, .. _settings, _attentionData, _uneven, _noFlash, _features, _parameters];

    /// <summary>The <c>--catalog</c> option.</summary>
    public static PathOption CatalogOption(string meaning) => new(["--catalog"], PathUse.ReadFolder, meaning);

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in Describing.Append(_catalog))
        {
            command.Add(option);
        }
    }

    /// <summary>True when any of the options but <c>--catalog</c> was given.</summary>
    public bool AnyGiven(ParseResult parsed) => Describing.Any(parsed.IsGiven);

    /// <summary>The catalogs to look names up in.</summary>
    public Catalogs Catalogs(ParseResult parsed) => Simulation.Planning.Catalogs.From(_catalog.Of(parsed));

    /// <summary>The one estimate described.</summary>
    /// <exception cref="UsageException">An option has several values, lacks what it needs, or contradicts another.</exception>
    public SimulationConfig ReadOne(ParseResult parsed, string model)
    {
        string? several = _system.Of(parsed).Length > 1
            ? _system.Name
            : _settings.FirstOrDefault(o => o.Of(parsed) is { Count: > 1 })?.Name;
        if (model.Contains(',', StringComparison.Ordinal) && !Path.Exists(model))
        {
            throw new UsageException(
                $"MODEL: {Domains.Quote(model)} names several, and one is allowed here; 'inferometer compare' takes several.");
        }

        return several is null
            ? ReadMany(parsed, [model], zip: false)[0]
            : throw new UsageException($"{several}: one value is allowed here; 'inferometer compare' takes several.");
    }

    /// <summary>
    /// Every combination of the values given, or with <paramref name="zip"/> the first of each, the second of each, and so on.
    /// </summary>
    /// <exception cref="UsageException">There are too many combinations, the lists to zip have different lengths, or an option lacks what
    /// it needs.</exception>
    public IReadOnlyList<SimulationConfig> ReadMany(ParseResult parsed, IReadOnlyList<string> models, bool zip)
    {
        RequireComplete(parsed);
        IReadOnlyList<SimulationConfig> configs = [];
        UsageException.Checking(() => configs = new EstimateCombinations
        {
            Start = Common(parsed, models[0]),
            Models = models,
            Systems = _system.Of(parsed),
            Settings = [.. _settings.Select(o => o.Of(parsed)).OfType<IReadOnlyList<SaidValue>>()],
        }.ToConfigs(zip, MostCombinations));
        return configs;
    }

    private static string[] Features(string text, string origin)
    {
        string[] names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var known = FeatureRegistry.CreateDefault();
        return Array.Find(names, name => !known.Contains(name)) is { } wrong
            ? throw Domains.Wrong(
                origin, wrong, "a name from 'inferometer features'", NameSuggestion.For(wrong, known.Available.Select(f => f.Name)))
            : names;
    }

    private void RequireComplete(ParseResult parsed)
    {
        SettingOption[] given = [.. _settings.Where(parsed.IsGiven)];
        if (given.FirstOrDefault(o => o.Setting.OnlyWith is { } needed && !given.Any(g => Sets(g, needed))) is { } lone)
        {
            throw new UsageException($"{lone.Name} needs {_settings.First(o => Sets(o, lone.Setting.OnlyWith!)).Name}.");
        }

        if (_ofService && _features.Of(parsed).SelectMany(f => f).FirstOrDefault(EstimateRequestText.IsPhase) is { } phase)
        {
            throw new UsageException(
                $"{_features.Name}: '{phase}' is not allowed here; a service computes prompts and tokens. A phase alone: 'estimate'.");
        }

        if (!parsed.IsGiven(_system))
        {
            throw new UsageException("Say which machine with --on NAME; 'inferometer hardware' lists them.");
        }

        static bool Sets(SettingOption option, string parameter) =>
            string.Equals(option.Setting.Parameter, parameter, StringComparison.Ordinal);
    }

    private EstimateRequestText Common(ParseResult parsed, string model) =>
        EstimateRequestText.Of(model, _system.Of(parsed)[0], _features.Of(parsed).SelectMany(f => f), !_noFlash.Of(parsed)) with
        {
            Parameters = ParameterText.Parse(_parameters.Of(parsed)),
            AttentionDataParallel = _attentionData.Of(parsed),
            AllowUneven = _uneven.Of(parsed),
        };
}
