using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Settings;

/// <summary>The options that describe an estimate, declared once for every command that makes estimates.</summary>
internal sealed class DeploymentOptions
{
    private const int MostCombinations = 10_000;
    private static readonly string[] PhaseNames = ["prefill", "decode", "chunked"];

    private readonly Option<string> _system = new("--on")
    {
        HelpName = "SYSTEM",
        Description = "Machine: a name from 'inferometer hardware', a .json file, or flops=..,memory_size=..,memory_bw=..,icn=..",
    };

    private readonly SettingOption[] _settings = [.. EstimateSettings.All.Select(s => new SettingOption(s))];

    private readonly Option<bool> _attentionData = new("--attention-dp") { Description = "The --dp ranks replicate attention and share the experts." };
    private readonly Option<bool> _uneven = new("--allow-uneven")
    {
        Description = "Price tensor parallelism that does not divide the heads, which frameworks refuse.",
    };

    private readonly Option<bool> _noFlash = new("--no-flash-attention") { Description = "The score matrix goes through memory." };

    private readonly Option<string[]> _features = new("--features")
    {
        HelpName = "A,B",
        Description = "Features beside flash_attention; naming a phase (prefill, decode, chunked) replaces the default, prefill and decode.",
    };

    private readonly Option<string[]> _parameters = new("--param", "-p")
    {
        HelpName = "NAME=VALUE",
        Description = "A parameter of a feature, such as lora.rank=8; turns the feature on.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _catalog = new("--catalog") { HelpName = "FOLDER", Description = "Folder with models/*.json and hardware/*.json of your own." };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all = [_system, .. _settings.Select(a => a.Option), _attentionData, _uneven, _noFlash, _features, _parameters, _catalog];
        foreach (Option option in all)
        {
            command.Add(option);
        }
    }

    /// <summary>True when any of the options but <c>--catalog</c> was given.</summary>
    public bool AnyGiven(ParseResult parsed)
    {
        Option[] all = [_system, .. _settings.Select(a => a.Option), _attentionData, _uneven, _noFlash, _features, _parameters];
        return all.Any(o => parsed.GetResult(o) is not null and not { Implicit: true });
    }

    /// <summary>The catalogs to look names up in.</summary>
    public Catalogs Catalogs(ParseResult parsed) => Simulation.Planning.Catalogs.From(parsed.GetValue(_catalog));

    /// <summary>The one estimate described.</summary>
    /// <exception cref="UsageException">A value is wrong, or an option has several.</exception>
    public SimulationConfig ReadOne(ParseResult parsed, string model)
    {
        List<SimulationConfig> all = [.. ReadMany(parsed, [model], zip: false)];
        return all.Count == 1 ? all[0] : throw new UsageException($"{Several(parsed)}: one value is allowed here; 'inferometer compare' takes several.");
    }

    /// <summary>Every combination of the values given, or with <paramref name="zip"/> the first of each, the second of each, and so on.</summary>
    /// <exception cref="UsageException">A value is wrong, there are too many combinations, or the lists to zip have different lengths.</exception>
    public IReadOnlyList<SimulationConfig> ReadMany(ParseResult parsed, IReadOnlyList<string> models, bool zip)
    {
        RequireComplete(parsed);
        List<IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>>> axes =
        [
            [.. models.Select(model => (Func<EstimateRequestText, EstimateRequestText>)(r => r with { Model = model }))],
            [.. Systems(parsed).Select(system => (Func<EstimateRequestText, EstimateRequestText>)(r => r with { System = system }))],
            .. _settings.Select(option => Changes(option, parsed)),
        ];
        EstimateRequestText start = Common(parsed, models[0]);
        return [.. (zip ? Zip(start, axes) : Product(start, axes)).Select(r => r.ToConfig())];
    }

    private static IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>> Changes(SettingOption option, ParseResult parsed) =>
        [.. option.Values(parsed).Select(value => (Func<EstimateRequestText, EstimateRequestText>)(r => r.With(option.Setting, value)))];

    private string Several(ParseResult parsed) =>
        Systems(parsed).Length > 1 ? _system.Name : _settings.First(s => s.Values(parsed).Count > 1).Setting.Option;

    private JsonNode[] Systems(ParseResult parsed) =>
        [.. SettingOption.Split(_system.Name, parsed.GetValue(_system)!).Select(text => text.Contains('=', StringComparison.Ordinal)
            ? ParameterText.ParseSystem(text, _system.Name)
            : (JsonNode)JsonValue.Create(text))];

    private static List<EstimateRequestText> Product(EstimateRequestText start, List<IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>>> axes)
    {
        double count = axes.Aggregate(1.0, (product, axis) => product * axis.Count);
        if (count > MostCombinations)
        {
            throw new UsageException(
                string.Create(CultureInfo.InvariantCulture, $"compare: {count:#,0} combinations are too many; at most {MostCombinations:#,0} are allowed."));
        }

        List<EstimateRequestText> all = [start];
        foreach (IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>> axis in axes)
        {
            all = [.. from request in all from change in axis select change(request)];
        }

        return all;
    }

    private static List<EstimateRequestText> Zip(EstimateRequestText start, List<IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>>> axes)
    {
        int[] lengths = [.. axes.Select(a => a.Count).Where(n => n > 1).Distinct().Order()];
        if (lengths.Length > 1)
        {
            throw new UsageException(
                $"--zip: the lists must be of one length (or single values), but they have {string.Join(" and ", lengths)} values.");
        }

        int count = lengths.Length == 0 ? 1 : lengths[0];
        return [.. Enumerable.Range(0, count).Select(i => axes.Aggregate(start, (request, axis) => axis[axis.Count == 1 ? 0 : i](request)))];
    }

    private void RequireComplete(ParseResult parsed)
    {
        if (!Given("--draft") && (Given("--draft-tokens") || Given("--acceptance")))
        {
            throw new UsageException("--draft-tokens and --acceptance need --draft, a model or ngram.");
        }

        if (string.IsNullOrWhiteSpace(parsed.GetValue(_system)))
        {
            throw new UsageException("Say which machine with --on NAME; 'inferometer hardware' lists them.");
        }

        bool Given(string name) => parsed.GetResult(name) is not null;
    }

    private EstimateRequestText Common(ParseResult parsed, string model)
    {
        string[] features =
            [.. (parsed.GetValue(_features) ?? []).SelectMany(f => f.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        string[] phases = [.. features.Where(f => PhaseNames.Contains(f, StringComparer.Ordinal))];
        string[] others = [.. parsed.GetValue(_noFlash) ? Array.Empty<string>() : ["flash_attention"], .. features.Except(PhaseNames, StringComparer.Ordinal)];
        return new EstimateRequestText(
            model, "", new(phases.Length == 0 ? ["prefill", "decode"] : phases), new(others),
            ParameterText.Parse(parsed.GetValue(_parameters) ?? []), parsed.GetValue(_attentionData), parsed.GetValue(_uneven));
    }
}
