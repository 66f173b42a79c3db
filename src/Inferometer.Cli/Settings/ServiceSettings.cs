using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Frameworks;
using Inferometer.Serving;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Cli.Settings;

/// <summary>The options that say how a service is run and judged.</summary>
internal sealed class ServiceSettings
{
    private readonly ValueOption<FrameworkProfile> _policy = new(
        ["--policy"],
        Domains.Word([.. FrameworkCatalog.Schedulers.Select(p => (string.Join('|', p.Aliases.Prepend(p.Name)), p))]),
        "Whose scheduler, with its own defaults.",
        "that of --framework");

    private readonly ValueOption<int> _tokens = new(
        ["--max-num-batched-tokens"], Domains.Whole(1, 100_000_000), "Tokens computed in one step.", "the policy's");

    private readonly ValueOption<int> _sequences =
        new(["--max-num-seqs"], Domains.Whole(1, 10_000_000), "Sequences running at once in a replica.", "the policy's");

    private readonly ValueOption<int> _block =
        new(["--block-size"], Domains.Whole(1, 65_536), "Tokens per block of KV cache.", "the policy's");

    private readonly ValueOption<int> _cache = new(
        ["--kv-tokens"], Domains.Whole(1, 1_000_000_000), "Tokens that the KV cache of a replica has room for.",
            "what the device has room for");

    private readonly FlagOption _noPrefix = new(["--no-prefix-caching"], "Nothing is reused between requests.");

    private readonly ValueOption<int> _replicas = new(
        ["--replicas"], Domains.Whole(1, 10_000), "Equal replicas behind a router, each of the deployment described; --dp multiplies them.")
    { Fallback = 1 };

    private readonly ValueOption<RoutingPolicy> _router = new(
        ["--router"],
        Domains.Word(
            ("round-robin", RoutingPolicy.RoundRobin), ("least-tokens", RoutingPolicy.LeastTokens),
                ("prefix-affine", RoutingPolicy.PrefixAffine)),
        "Which replica a request goes to.",
        "round-robin");

    private readonly ValueOption<int> _prefill = new(
        ["--prefill-replicas"], Domains.Whole(1, 10_000),
            "So many of the replicas only compute prompts; keys and values then go to the others.", "none: each does both");

    private readonly ValueOption<double> _link = new(
        ["--kv-link"], Domains.Number(0, 1e6, above: true, help: "GBPS"), "Link that keys and values cross, GB/s per device.",
            "the machine's link between nodes");

    private readonly ValueOption<double> _step = new(
        ["--step-overhead"], Domains.Number(0, 1e6, help: "MS"), "What the framework spends on a step beside the network, ms.")
    { Fallback = 0 };

    private readonly ValueOption<double> _sequence = new(
        ["--sequence-overhead"], Domains.Number(0, 1e6, help: "US"), "The same for each sequence in it, us.")
    { Fallback = 0 };

    private readonly ValueOption<Slo> _slo = SloOption();

    private readonly ValueOption<int> _warmUp = new(
        ["--warm-up"], Domains.Whole(0, 100_000_000), "Requests that are served and not measured, the first ones.",
            "a tenth, in a closed loop at least twice --users; of a trace none");

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        AddOfServiceTo(command);
        command.Add(_slo);
        command.Add(_warmUp);
    }

    /// <summary>Adds those that say how the service is run, without those of how a load on it is judged.</summary>
    public void AddOfServiceTo(Command command)
    {
        foreach (Option option in new Option[]
        {
            _policy, _tokens, _sequences, _block, _cache, _noPrefix, _replicas, _router, _prefill, _link, _step, _sequence,
        })
        {
            command.Add(option);
        }
    }

    /// <summary>The policy chosen.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="plan">The deployment, whose framework it is where nothing is said.</param>
    public FrameworkProfile Policy(ParseResult parsed, ICostPlan plan) => parsed.IsGiven(_policy) ? _policy.Of(parsed) : plan.Framework();

    /// <summary>What is not measured.</summary>
    /// <exception cref="UsageException">It is all there is.</exception>
    public WarmUp WarmUp(ParseResult parsed, Traffic traffic)
    {
        if (parsed.Given(_warmUp) is not { } warmUp)
        {
            return traffic.WarmUp;
        }

        return traffic.Made?.Requests is not { } requests || warmUp < requests
            ? new WarmUp(warmUp, 0)
            : throw new UsageException(
                $"{_warmUp.Name}: '{warmUp}' is not allowed; of {requests} requests at most {requests - 1} can go unmeasured.");
    }

    /// <summary>The <c>--slo</c> option.</summary>
    public static ValueOption<Slo> SloOption() => new(
        ["--slo", "--goodput"],
        new("LIMITS", null, ReadLevel),
        "Service level whose goodput is counted, such as ttft:500ms,tpot:40ms.");

    /// <summary>The service level, or null.</summary>
    public Slo? Slo(ParseResult parsed) => parsed.IsGiven(_slo) ? _slo.Of(parsed) : null;

    /// <summary>The first option given that a simulation alone knows; null = none was.</summary>
    public Option? GivenOfSimulation(ParseResult parsed) => new Option[]
    {
        _policy, _tokens, _block, _cache, _noPrefix, _replicas, _router, _prefill, _link, _step, _sequence,
    }.FirstOrDefault(parsed.IsGiven);

    /// <summary>The option of the sequences at once, where it was given; null = it was not.</summary>
    public Option? GivenSequences(ParseResult parsed) => parsed.IsGiven(_sequences) ? _sequences : null;

    /// <summary>Sequences at once, where it was said.</summary>
    public int? Sequences(ParseResult parsed) => parsed.Given(_sequences);

    /// <summary>Replicas behind the router, those of data parallelism not counted.</summary>
    public int Replicas(ParseResult parsed) => _replicas.Of(parsed);

    /// <summary>The options of the simulation.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="plan">The deployment of a replica.</param>
    /// <param name="traffic">What is asked.</param>
    /// <param name="seed">Of what is left to chance.</param>
    /// <exception cref="UsageException">Options contradict each other.</exception>
    public ServingSimulationOptions Read(ParseResult parsed, ICostPlan plan, Traffic traffic, ulong seed) =>
        Read(parsed, plan) with { WarmUp = WarmUp(parsed, traffic), Seed = seed };

    /// <summary>The options of the simulation, whatever is asked of the service.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="plan">The deployment of a replica.</param>
    /// <exception cref="UsageException">Options contradict each other.</exception>
    public ServingSimulationOptions Read(ParseResult parsed, ICostPlan plan)
    {
        ServingSimulationOptions options = Policy(parsed, plan).OptionsFor(plan);
        int blockSize = parsed.Given(_block) ?? options.BlockSize;
        ServingSimulationOptions said = options with
        {
            Scheduler = options.Scheduler with
            {
                MaxTokensPerStep = parsed.Given(_tokens) ?? options.Scheduler.MaxTokensPerStep,
                MaxSequences = parsed.Given(_sequences) ?? options.Scheduler.MaxSequences,
            },
            BlockSize = blockSize,
            BlockCount = parsed.Given(_cache) is { } tokens ? Math.Max(1, tokens / blockSize) : null,
            PrefixCaching = options.PrefixCaching && !_noPrefix.Of(parsed),
            Recorder = new ServingRecorderOptions { Slo = Slo(parsed) },
            Overhead = new StepOverhead(_step.Of(parsed) * 1e-3, _sequence.Of(parsed) * 1e-6),
            Replicas = _replicas.Of(parsed) * options.Replicas,
            Routing = _router.Of(parsed),
            Disaggregation = Apart(parsed, plan),
        };
        UsageException.Checking(said.Validate);
        if (parsed.IsGiven(_router) && said.Replicas == 1)
        {
            throw new UsageException("--router needs several --replicas.");
        }

        return said;
    }

    private static Slo ReadLevel(string text, string origin)
    {
        try
        {
            return Inferometer.Serving.Slo.Parse(text);
        }
        catch (InferometerException error)
        {
            throw new InferometerException($"{origin}: {error.Message}", error);
        }
    }

    private Disaggregation? Apart(ParseResult parsed, ICostPlan plan)
    {
        if (parsed.Given(_prefill) is not { } replicas)
        {
            return parsed.IsGiven(_link) ? throw new UsageException("--kv-link needs --prefill-replicas.") : null;
        }

        int all = _replicas.Of(parsed) * Policy(parsed, plan).OptionsFor(plan).Replicas;
        return replicas >= all ? throw new UsageException(
            $"{_prefill.Name}: '{replicas}' is not allowed; there {(all == 1 ? "is one replica" : $"are {all} replicas")} in all, of which "
                + $"at least one must generate. Give more {_replicas.Name}.")
            : new Disaggregation
            {
                PrefillReplicas = replicas,
                BandwidthBytesPerSecond = parsed.Given(_link) is { } link ? link * 1e9 : plan.Request.System.InterNode.Bandwidth,
                LatencySeconds = plan.Request.System.InterNode.LatencySeconds,
            };
    }
}
