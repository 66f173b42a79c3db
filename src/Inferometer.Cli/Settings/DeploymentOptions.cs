using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;
using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Settings;

/// <summary>The options that describe an estimate, declared once for every command that makes estimates.</summary>
internal sealed class DeploymentOptions
{
    private const int MostCombinations = 10_000;
    private static readonly string[] PhaseNames = ["prefill", "decode", "chunked"];

    private readonly Axis _system = Axis.Text("--on", "SYSTEM", "Machine: a name from 'inferometer hardware', a .json file, or flops=..,memory_size=..,memory_bw=..,icn=..", (s, v) =>
        v.Contains('=', StringComparison.Ordinal) ? s with { InlineSystem = ParameterText.ParseSystem(v, "--on"), System = null } : s with { System = v });

    private readonly Axis[] _others =
    [
        Axis.Whole("--tp", "Tensor parallelism.", 1, (s, v) => s with { Tensor = v }),
        Axis.Whole("--pp", "Pipeline parallelism.", 1, (s, v) => s with { Pipeline = v }),
        Axis.Whole("--ep", "Expert parallelism.", 1, (s, v) => s with { Expert = v }),
        Axis.Whole("--dp", "Data parallelism.", 1, (s, v) => s with { Data = v }),
        Axis.Whole("--batch", "Requests in flight. [default: 1]", 1, (s, v) => s with { Batch = v }),
        Axis.Whole("--input", "Prompt tokens per request. [default: 2048]", 1, (s, v) => s with { Input = v }),
        Axis.Whole("--output", "Generated tokens per request. [default: 256]", 1, (s, v) => s with { Output = v }),
        Axis.Whole("--beams", "Beams per request. [default: 1]", 1, (s, v) => s with { Beams = v }),
        Axis.Text("--bits", "FORMAT", "Number format of the model: bf16, fp8, int8, int4, q4_k, ... [default: bf16]", (s, v) => s with { Bits = Format(v, "--bits") }),
        Axis.Text("--weights", "FORMAT", "Number format of the weights alone.", (s, v) => s with { Weights = Format(v, "--weights") }),
        Axis.Text("--kv", "FORMAT", "Number format of the KV cache alone.", (s, v) => s with { KvCache = Format(v, "--kv") }),
        Axis.Text("--activations", "FORMAT", "Number format of the activations alone.", (s, v) => s with { Activations = Format(v, "--activations") }),
        Axis.Whole("--prefix-cached", "Leading prompt tokens that are in the cache already.", 0, (s, v) => s with { CachedPrefix = v }),
        Axis.Text("--lora", "RANK[:ADAPTERS[:merged]]", "Low-rank adapters served with the model.", (s, v) => s with { Lora = LoraSetting.Parse(v, "--lora") }),
        Axis.Text("--kv-compression", "q8|q4|low|med|high|FILE", "Compressed KV cache, as --kv of run: rotated integers, a level of the profile beside the model, or FILE[:LEVEL].", (s, v) => s with { KvCompression = v is "none" ? null : v }),
        Axis.Text("--draft", "MODEL", "Speculative decoding with this draft model, or ngram.", (s, v) => s with { Draft = v is "none" ? null : v }),
        Axis.Whole("--draft-tokens", "Tokens drafted per round. [default: 4]", 1, (s, v) => s with { DraftTokens = v }),
        Axis.Text("--acceptance", "RATE", "Share of drafted tokens accepted, 0 to 1. [default: 0.7, an assumption]", (s, v) => s with { AcceptanceRate = Rate(v) }),
        Axis.Text("--cost-model", "NAME", "roofline, genz or bud. [default: roofline]", (s, v) => s with { CostModel = CostModels.Find(v, "--cost-model").Name }),
    ];

    private readonly Option<bool> _attentionData = new("--attention-dp") { Description = "The --dp ranks replicate attention and share the experts." };
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
        Option[] all = [_system.Option, .. _others.Select(a => a.Option), _attentionData, _noFlash, _features, _parameters, _catalog];
        foreach (Option option in all)
        {
            command.Add(option);
        }
    }

    /// <summary>True when any of the options but <c>--catalog</c> was given.</summary>
    public bool AnyGiven(ParseResult parsed)
    {
        Option[] all = [_system.Option, .. _others.Select(a => a.Option), _attentionData, _noFlash, _features, _parameters];
        return all.Any(o => parsed.GetResult(o) is not null and not { Implicit: true });
    }

    /// <summary>The catalogs to look names up in.</summary>
    public Catalogs Catalogs(ParseResult parsed) => Simulation.Planning.Catalogs.From(parsed.GetValue(_catalog));

    /// <summary>The one estimate described.</summary>
    /// <exception cref="InferometerException">A value is wrong, or an option has several.</exception>
    public EstimateSettings ReadOne(ParseResult parsed, string model)
    {
        RequireComplete(parsed);
        EstimateSettings settings = Common(parsed, model);
        foreach (Axis axis in _others.Prepend(_system))
        {
            IReadOnlyList<Func<EstimateSettings, EstimateSettings>> values = axis.Values(parsed);
            settings = values.Count == 1
                ? values[0](settings)
                : throw new InferometerException($"{axis.Option.Name}: one value is allowed here; 'inferometer compare' takes several.");
        }

        return settings;
    }

    /// <summary>Every combination of the values given, or with <paramref name="zip"/> the first of each, the second of each, and so on.</summary>
    /// <exception cref="InferometerException">A value is wrong, there are too many combinations, or the lists to zip have different lengths.</exception>
    public IReadOnlyList<EstimateSettings> ReadMany(ParseResult parsed, IReadOnlyList<string> models, bool zip)
    {
        RequireComplete(parsed);
        List<IReadOnlyList<Func<EstimateSettings, EstimateSettings>>> axes =
        [
            [.. models.Select(model => (Func<EstimateSettings, EstimateSettings>)(s => s with { Model = model }))],
            .. _others.Prepend(_system).Select(axis => axis.Values(parsed)),
        ];
        EstimateSettings start = Common(parsed, models[0]);
        return zip ? Zip(start, axes) : Product(start, axes);
    }

    private static List<EstimateSettings> Product(EstimateSettings start, List<IReadOnlyList<Func<EstimateSettings, EstimateSettings>>> axes)
    {
        double count = axes.Aggregate(1.0, (product, axis) => product * axis.Count);
        if (count > MostCombinations)
        {
            throw new InferometerException(string.Create(CultureInfo.InvariantCulture, $"compare: {count:#,0} combinations are too many; at most {MostCombinations:#,0} are allowed."));
        }

        List<EstimateSettings> all = [start];
        foreach (IReadOnlyList<Func<EstimateSettings, EstimateSettings>> axis in axes)
        {
            all = [.. from settings in all from change in axis select change(settings)];
        }

        return all;
    }

    private static List<EstimateSettings> Zip(EstimateSettings start, List<IReadOnlyList<Func<EstimateSettings, EstimateSettings>>> axes)
    {
        int[] lengths = [.. axes.Select(a => a.Count).Where(n => n > 1).Distinct().Order()];
        if (lengths.Length > 1)
        {
            throw new InferometerException($"--zip: the lists must be of one length (or single values), but they have {string.Join(" and ", lengths)} values.");
        }

        int count = lengths.Length == 0 ? 1 : lengths[0];
        return [.. Enumerable.Range(0, count).Select(i => axes.Aggregate(start, (settings, axis) => axis[axis.Count == 1 ? 0 : i](settings)))];
    }

    private void RequireComplete(ParseResult parsed)
    {
        if (!Given("--draft") && (Given("--draft-tokens") || Given("--acceptance")))
        {
            throw new UsageException("--draft-tokens and --acceptance need --draft, a model or ngram.");
        }

        if (parsed.GetValue(_system.Option) is null)
        {
            throw new UsageException("Say which machine with --on NAME; 'inferometer hardware' lists them.");
        }

        bool Given(string name) => parsed.GetResult(name) is not null;
    }

    private EstimateSettings Common(ParseResult parsed, string model)
    {
        string[] features = [.. (parsed.GetValue(_features) ?? []).SelectMany(f => f.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        string[] phases = [.. features.Where(f => PhaseNames.Contains(f, StringComparer.Ordinal))];
        JsonObject parameters = ParameterText.Parse(parsed.GetValue(_parameters) ?? []);
        EstimateSettings settings = new()
        {
            Model = model,
            AttentionDataParallel = parsed.GetValue(_attentionData),
            FlashAttention = !parsed.GetValue(_noFlash),
            Features = new EquatableList<string>(features.Except(PhaseNames, StringComparer.Ordinal)),
            Parameters = parameters,
        };
        return phases.Length == 0 ? settings : settings with { Phases = new EquatableList<string>(phases) };
    }

    private static string Format(string text, string origin) => Precision.Parse(text, origin).Name;

    private static double Rate(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double rate) && rate is >= 0 and <= 1
            ? rate
            : throw new InferometerException($"--acceptance: '{text}' is not allowed; it must be a number from 0 to 1.");
}
