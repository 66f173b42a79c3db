using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Planning;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Inventory;
using Inferometer.Planning.Programs;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Settings;

/// <summary>The options that say what a plan is asked for.</summary>
internal sealed class PlanSettings
{
    private const int MostDevices = 1 << 20;

    private readonly ValueOption<Slo> _slo = new(
        ["--slo"],
        new("LIMITS", null, (text, origin) => ReadLevel(text, origin)),
        "Service level that must be kept, such as ttft:500ms,tpot:40ms; also p99 ttft, itl, e2e, and < in place of the colon.");

    private readonly ValueOption<int> _users = TrafficSettings.UsersOption();
    private readonly ValueOption<double> _rate = TrafficSettings.RateOption();
    private readonly ValueOption<string> _arrivals = new(
        ["--arrivals"],
        new("SPREAD", null, (text, origin) =>
        {
            _ = ArrivalProcess.Parse(text, 1, origin);
            return text;
        }),
        "How arrivals at --rate are spread, as simulate has it.",
        "poisson")
    { Fallback = "poisson" };

    private readonly ValueOption<ThinkTime> _think = new(
        ["--think"], new(ThinkTime.Help, null, ThinkTime.Parse), "Time from an answer to the same user's next question.", "0")
    { Fallback = ThinkTime.None };

    private readonly ValueOption<LengthDistribution> _input = new(
        ["--input"],
        new("LENGTH", null, LengthDistribution.Parse),
        "Prompt tokens, as simulate has them; around a single number they vary by a fifth.",
        "2048")
    { Fallback = LengthDistribution.Fixed(2048) };

    private readonly ValueOption<LengthDistribution> _output = new(
        ["--output"], new("LENGTH", null, LengthDistribution.Parse), "Generated tokens, as --input.", "256")
    { Fallback = LengthDistribution.Fixed(256) };

    private readonly PathOption _dataset = new(
        ["--dataset"], PathUse.ReadFile, "Lengths of prompts and answers drawn in pairs from a file, as simulate has it.");

    private readonly ValueOption<int> _prefix = new(
        ["--shared-prefix"], Domains.Whole(0, 100_000_000), "Tokens that all prompts begin with beside their own.")
    { Fallback = 0 };

    private readonly ValueOption<double> _percentile = new(
        ["--percentile"],
        new("pN", null, ReadPercentile),
        "Percentile of the requests that must keep a limit which names none, above p0 up to p100.",
        "p90")
    { Fallback = 90 };

    private readonly ValueOption<int> _confidence = new(
        ["--confidence"],
        Domains.Word([.. ServiceLevel.Confidences.Select(c => (FormattableString.Invariant($"{c}"), c))]),
        "Percent of such services that should keep the level though predictions err: 50 as predicted, 75 and 95 by the errors that were "
            + "seen.",
        "50")
    { Fallback = 50 };

    private readonly ListOption<string> _on = new(
        ["--on"],
        Domains.Text("SYSTEM"),
        "Systems to choose from, or with a number before them the devices that are there: h100,8xmi300x.",
        [],
        "all of the catalog that have a price");

    private readonly ListOption<string> _frameworks = new(
        ["--framework"],
        new(string.Join('|', ServingPrograms.All.Select(p => p.Framework)), null, (text, origin) => ServingPrograms.Find(
            FrameworkCatalog.Find(text, origin).Name, origin).Framework),
        "Frameworks to choose from.",
        [],
        "vllm, sglang and trtllm; llama.cpp where these do not run");

    private readonly ListOption<string> _weights = new(
        ["--weights"],
        new("FORMAT", null, ReadWeights),
        "Formats of the weights to choose from; published is the checkpoint's own.",
        [],
        "published, and fp8 of wider ones");

    private readonly ListOption<string> _kv = new(
        ["--kv"],
        new("FORMAT|" + CompressedCaches.Help, null, ReadCache),
        "Formats of the KV cache to choose from, compressed ones too.",
        [],
        "published, fp8");

    private readonly ListOption<int> _tensor = new(
        ["--tp", "--tensor-parallel-size"], Domains.Whole(1, 1024), "Degrees of tensor parallelism to choose from.", [],
        "powers of two up to a node");

    private readonly ListOption<int> _pipeline = new(
        ["--pp", "--pipeline-parallel-size"], Domains.Whole(1, 1024), "Degrees of pipeline parallelism to choose from.", [],
        "up to 4 nodes, 2 within one");

    private readonly ListOption<int> _sequences = new(
        ["--max-num-seqs"], Domains.Whole(1, 1_000_000), "Batch limits to choose from.", [], "those of catalog/launch");

    private readonly ListOption<int> _tokens = new(
        ["--max-num-batched-tokens"], Domains.Whole(1, 100_000_000), "Budgets of a step to choose from, tokens.", [],
            "those of catalog/launch");

    private readonly ValueOption<(bool Together, bool Apart)> _modes = new(
        ["--modes"],
        Domains.Word(("both", (true, true)), ("aggregated", (true, false)), ("disaggregated", (false, true))),
        "Prompts and answers on the same replicas (aggregated), or on replicas of their own.",
        "both")
    { Fallback = (true, true) };

    private readonly ValueOption<int> _devices = new(["--max-devices"], Domains.Whole(1, MostDevices), "Most devices in all.",
        "any number");
    private readonly ValueOption<double> _budget = new(
        ["--budget"], Domains.Number(0, 1e12, above: true, help: "USD"), "Most US dollars a month.", "any sum");

    private readonly ValueOption<int> _spares = new(
        ["--spares"], Domains.Whole(0, 10_000), "Replicas beyond those that the load takes, for failures.")
    { Fallback = 0 };

    private readonly ValueOption<double> _spot = new(
        ["--spot"], Domains.Number(0, 1, help: "SHARE"), "Share of the replicas that may be on spot, where --prices says what that costs.")
    { Fallback = 0 };

    private readonly ValueOption<int> _seed = new(
        ["--seed"], Domains.Whole(0, int.MaxValue), "Equal seeds give equal plans, on every machine.")
    { Fallback = 0 };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[]
        {
            _slo, _users, _rate, _arrivals, _think, _input, _output, _dataset, _prefix, _percentile, _confidence, _on, _frameworks,
                _weights,
            _kv, _tensor, _pipeline, _sequences, _tokens, _modes, _devices, _budget, _spares, _spot, _seed,
        })
        {
            command.Add(option);
        }
    }

    /// <summary>Whether a load is given, for which deployments are looked for; otherwise what there is is looked at.</summary>
    public bool HasLoad(ParseResult parsed) => parsed.IsGiven(_users) || parsed.IsGiven(_rate);

    /// <summary>Whether the load is a rate.</summary>
    public bool HasRate(ParseResult parsed) => parsed.IsGiven(_rate);

    /// <summary>Whether frameworks were named.</summary>
    public bool NamesFrameworks(ParseResult parsed) => parsed.IsGiven(_frameworks);

    /// <summary>The question: which deployment for a load.</summary>
    /// <exception cref="UsageException">Options contradict each other, or one is missing.</exception>
    public PlanRequest Read(ParseResult parsed, string model, HardwareCatalog hardware)
    {
        if (parsed.IsGiven(_users) && parsed.IsGiven(_rate))
        {
            throw new UsageException("--users and --rate say different things of when requests come; give one of them.");
        }

        Slo slo = parsed.IsGiven(_slo)
            ? _slo.Of(parsed)
            : throw new UsageException("Say what must be kept with --slo, such as --slo ttft:500ms,tpot:40ms.");
        PlanRequest request = new()
        {
            Model = model,
            Demand = Requests(parsed) with
            {
                Users = parsed.Given(_users) ?? 0,
                RequestsPerSecond = parsed.Given(_rate) ?? 0,
            },
            Level = ServiceLevel.Of(slo, _percentile.Of(parsed), _confidence.Of(parsed)),
            Space = Space(parsed, hardware),
            MaxDevices = parsed.Given(_devices),
            BudgetPerMonth = parsed.Given(_budget),
            Spares = _spares.Of(parsed),
            SpotShare = _spot.Of(parsed),
            Seed = (ulong)_seed.Of(parsed),
        };
        UsageException.Checking(request.Validate);
        return request;
    }

    /// <summary>The question the other way round: what can be served on what there is.</summary>
    /// <exception cref="UsageException">Options contradict each other, or one is missing.</exception>
    public InventoryRequest ReadInventory(ParseResult parsed, IReadOnlyList<string> models, HardwareCatalog hardware)
    {
        Option? idle = new Option[] { _arrivals, _think, _modes, _devices, _budget, _spares, _spot, _seed }.FirstOrDefault(parsed.IsGiven);
        if (idle is not null)
        {
            throw new UsageException($"{idle.Name} needs a load: --users N or --rate X.");
        }

        return new InventoryRequest
        {
            Systems = parsed.IsGiven(_on)
                ? Space(parsed, hardware).Systems
                : throw new UsageException("Say who asks with --users N or --rate X, or what there is with --on, such as --on 8xh100."),
            Models = [.. models],
            Requests = Requests(parsed),
            Level = parsed.IsGiven(_slo) ? ServiceLevel.Of(_slo.Of(parsed), _percentile.Of(parsed), _confidence.Of(parsed)) : null,
            Space = Space(parsed, hardware),
        };
    }

    private ServiceDemand Requests(ParseResult parsed)
    {
        if (parsed.IsGiven(_dataset) && (parsed.IsGiven(_input) || parsed.IsGiven(_output)))
        {
            throw new UsageException("--dataset: it says the lengths of both prompts and answers; leave --input and --output out.");
        }

        if (parsed.IsGiven(_arrivals) && !parsed.IsGiven(_rate))
        {
            throw new UsageException("--arrivals needs --rate; users ask when they are answered.");
        }

        if (parsed.IsGiven(_think) && !parsed.IsGiven(_users))
        {
            throw new UsageException("--think needs --users: nobody waits for the answer to a single request.");
        }

        return new ServiceDemand
        {
            Spread = _arrivals.Of(parsed),
            Think = _think.Of(parsed),
            Input = ServiceDemand.Around(_input.Of(parsed)),
            Output = ServiceDemand.Around(_output.Of(parsed)),
            Pairs = _dataset.Of(parsed) is { } file ? LengthPairsReader.Read(file) : null,
            SharedPrefixTokens = _prefix.Of(parsed),
        };
    }

    private SearchSpace Space(ParseResult parsed, HardwareCatalog hardware) => new()
    {
        Systems = [.. _on.Of(parsed).Select(text => System(text, hardware))],
        Frameworks = [.. _frameworks.Of(parsed)],
        Weights = [.. _weights.Of(parsed)],
        KvCaches = [.. _kv.Of(parsed)],
        Tensor = [.. _tensor.Of(parsed).Distinct().Order()],
        Pipeline = [.. _pipeline.Of(parsed).Distinct().Order()],
        Sequences = [.. _sequences.Of(parsed).Distinct().Order()],
        StepTokens = [.. _tokens.Of(parsed).Distinct().Order()],
        Aggregated = _modes.Of(parsed).Together,
        Disaggregated = _modes.Of(parsed).Apart,
    };

    // A count is of the command line; whether there is such a system, the catalog says.
    private SystemChoice System(string text, HardwareCatalog hardware)
    {
        try
        {
            return SystemChoice.Parse(text, hardware, _on.Name);
        }
        catch (DeviceCountException wrong)
        {
            throw new UsageException(wrong.Message, wrong);
        }
    }

    private static Slo ReadLevel(string text, string origin)
    {
        try
        {
            return Slo.Parse(text);
        }
        catch (InferometerException error)
        {
            throw new InferometerException($"{origin}: {error.Message}", error);
        }
    }

    private static double ReadPercentile(string text, string origin) =>
        text.Length > 1 && text[0] is 'p' or 'P' && Domains.TryNumber(text[1..], out double percentile) && percentile is > 0 and <= 100
            ? percentile
            : throw Domains.Wrong(origin, text, "p and a number above 0 up to 100, such as p95");

    private static string ReadWeights(string text, string origin) => OfferedFormats.Weights(text, origin);

    private static string ReadCache(string text, string origin) =>
        text.Equals(DeploymentShape.Published, StringComparison.OrdinalIgnoreCase)
            ? DeploymentShape.Published
            : CompressedCaches.Find(text) ?? OfferedFormats.KvCache(text, origin);
}
