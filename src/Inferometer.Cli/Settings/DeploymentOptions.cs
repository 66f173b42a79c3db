using System.CommandLine;
using System.Globalization;
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
    private static readonly string[] PhaseNames = ["prefill", "decode", "chunked"];

    // What a request is like; a service has its own words for it.
    private static readonly string[] OneWorkload =
        ["batch_size", "input_tokens", "output_tokens", "beam_size", "prefix_caching.cached_tokens"];

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
    public DeploymentOptions(bool ofService = false) => _settings =
    [
        .. EstimateSettings.All.Where(s => !ofService || !OneWorkload.Contains(s.Parameter, StringComparer.Ordinal))
            .Select(s => new SettingOption(s)),
    ];

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
        List<IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>>> axes =
        [
            [.. models.Select(model => (Func<EstimateRequestText, EstimateRequestText>)(r => r with { Model = model }))],
            [.. _system.Of(parsed).Select(system => (Func<EstimateRequestText, EstimateRequestText>)(r => r with { System = system }))],
            .. _settings.Select(o => o.Of(parsed)).OfType<IReadOnlyList<SaidValue>>().Select(Changes),
        ];
        EstimateRequestText start = Common(parsed, models[0]);

        // Values that mean nothing beside others (drafted tokens without a draft) make rows that say the same: each stands once.
        return [.. (zip ? Zip(start, axes) : Product(start, axes)).Select(r => r.ToConfig())
            .DistinctBy(config => config.ToNode().ToJsonString(), StringComparer.Ordinal)];
    }

    private static IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>> Changes(IReadOnlyList<SaidValue> values) =>
        [.. values.Select(value => (Func<EstimateRequestText, EstimateRequestText>)(r => r.With(value)))];

    private static List<EstimateRequestText> Product(
        EstimateRequestText start, List<IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>>> axes)
    {
        double count = axes.Aggregate(1.0, (product, axis) => product * axis.Count);
        if (count > MostCombinations)
        {
            throw new UsageException(string.Create(
                CultureInfo.InvariantCulture,
                    $"compare: {count:#,0} combinations are too many; at most {MostCombinations:#,0} are allowed."));
        }

        List<EstimateRequestText> all = [start];
        foreach (IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>> axis in axes)
        {
            all = [.. from settings in all from change in axis select change(settings)];
        }

        return all;
    }

    private static List<EstimateRequestText> Zip(
        EstimateRequestText start, List<IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>>> axes)
    {
        int[] lengths = [.. axes.Select(a => a.Count).Where(n => n > 1).Distinct().Order()];
        if (lengths.Length > 1)
        {
            throw new UsageException(
                $"--zip: the lists must be of one length (or single values), but they have {string.Join(" and ", lengths)} values.");
        }

        int count = lengths.Length == 0 ? 1 : lengths[0];
        return [.. Enumerable.Range(0, count)
            .Select(i => axes.Aggregate(start, (settings, axis) => axis[axis.Count == 1 ? 0 : i](settings)))];
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

        if (!parsed.IsGiven(_system))
        {
            throw new UsageException("Say which machine with --on NAME; 'inferometer hardware' lists them.");
        }

        static bool Sets(SettingOption option, string parameter) =>
            string.Equals(option.Setting.Parameter, parameter, StringComparison.Ordinal);
    }

    private EstimateRequestText Common(ParseResult parsed, string model)
    {
        string[] features = [.. _features.Of(parsed).SelectMany(f => f)];
        string[] phases = [.. features.Where(f => PhaseNames.Contains(f, StringComparer.Ordinal))];
        string[] others = [.. features.Except(PhaseNames, StringComparer.Ordinal)];
        return new EstimateRequestText(
            model,
            _system.Of(parsed)[0],
            new EquatableList<string>(phases.Length == 0 ? ["prefill", "decode"] : phases),
            new EquatableList<string>(_noFlash.Of(parsed) ? others : ["flash_attention", .. others]),
            ParameterText.Parse(_parameters.Of(parsed)),
            _attentionData.Of(parsed),
            _uneven.Of(parsed));
    }
}
