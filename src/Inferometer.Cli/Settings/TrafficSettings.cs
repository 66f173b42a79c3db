using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Cli.Settings;

/// <summary>The options that say what a service is asked and when.</summary>
internal sealed class TrafficSettings
{
    private const double MostRate = 1e9;
    private const string MeaningOfUsers = "Closed loop: users, each of whom asks again when answered.";

    private static readonly string[] s_rateNames = ["--rate", "--request-rate"], s_userNames = ["--users", "--max-concurrency"];
    private static readonly Domain<double> s_rates = Domains.Number(0, MostRate, above: true);
    private static readonly Domain<int> s_users = Domains.Whole(1, 10_000_000);

    private readonly ValueOption<double> _rate = RateOption("requests a second, with --turns conversations a second");
    private readonly ValueOption<int> _users = UsersOption();
    private readonly PathOption _trace = new(
        ["--trace"], PathUse.ReadFile, "Requests out of a file, in time, input and output: .csv, .tsv or .jsonl, also of other projects.");

    private readonly ValueOption<string> _arrivals = new(
        ["--arrivals"], Checked("SPREAD", (text, origin) => ArrivalProcess.Parse(text, 1, origin)),
            $"How arrivals at --rate are spread: {Listed(ArrivalProcess.Help)}.", "poisson")
    { Fallback = "poisson" };

    private readonly ValueOption<ThinkTime> _think = new(
        ["--think"], new(ThinkTime.Help, null, ThinkTime.Parse),
            "Time from an answer to the next question of the same user or conversation.", "0")
    { Fallback = ThinkTime.None };

    private readonly ValueOption<double> _ramp = RampOption();
    private readonly PathOption _tokenizer = new(
        ["--tokenizer"], PathUse.Model,
        "Model whose tokenizer counts the texts of --dataset: a .gguf file or a Hugging Face folder.",
        "that of MODEL where it is such a file; else a token for every 4 characters");

    private readonly ValueOption<int> _requests = new(
        ["--requests", "--num-prompts"], Domains.Whole(1, 100_000_000),
            "Requests in all.",
            "as many as --duration brings; else 1000, of a simulation 10 for each in flight up to 20000");

    private readonly ValueOption<double> _duration = new(
        ["--duration"], Domains.Number(0, 8.64e6, above: true, help: "SECONDS"),
            "Requests come for this long; those under way are served to their ends.");

    private readonly ValueOption<LengthDistribution> _input = Lengths(
        "--input", $"Prompt tokens of a request, or of each turn: {Listed(LengthDistribution.Help)}.", 2048);

    private readonly ValueOption<LengthDistribution> _output = Lengths("--output", "Generated tokens, as --input.", 256);

    private readonly PathOption _dataset = new(
        ["--dataset"],
        PathUse.ReadFile,
        "Lengths of prompts and answers drawn in pairs from a file: ShareGPT's .json, or a trace, without its times.");

    private readonly ValueOption<LengthDistribution> _turns = new(
        ["--turns"],
        LengthsOf(),
        "Conversations of so many turns, as --input; each prompt holds what was said before.",
        "single requests");

    private readonly ValueOption<int> _prefix = new(
        ["--shared-prefix", "--random-prefix-len"], Domains.Whole(0, 100_000_000), "Tokens that prompts begin with beside their own.")
    { Fallback = 0 };

    private readonly ValueOption<int> _prefixes = new(
        ["--shared-prefixes"], Domains.Whole(1, 1_000_000), "How many different such beginnings there are.")
    { Fallback = 1 };

    private readonly ValueOption<int> _seed = new(
        ["--seed"], Domains.Whole(0, int.MaxValue), "Equal seeds give equal requests, on every machine.")
    { Fallback = 0 };

    /// <summary>The <c>--rate</c> option.</summary>
    /// <param name="what">What it counts.</param>
    public static ValueOption<double> RateOption(string what = "requests a second") => new(s_rateNames, s_rates, MeaningOfRate(what));

    /// <summary>The <c>--rate</c> option with several values.</summary>
    public static ListOption<double> RatesOption() => new(s_rateNames, s_rates, MeaningOfRate("requests a second"), []);

    /// <summary>The <c>--users</c> option.</summary>
    public static ValueOption<int> UsersOption() => new(s_userNames, s_users, MeaningOfUsers);

    /// <summary>The <c>--users</c> option with several values.</summary>
    public static ListOption<int> UsersListOption() => new(s_userNames, s_users, MeaningOfUsers, []);

    /// <summary>The <c>--ramp</c> option.</summary>
    public static ValueOption<double> RampOption() => new(
        ["--ramp", "--concurrency-ramp-duration"], Domains.Number(0, 8.64e6, help: "SECONDS"),
            "Closed loop: users begin one after the other over this time; 0: all at once, as vLLM's benchmark does.",
            "as long as a request is expected to take");

    /// <summary>Requests made up by options.</summary>
    public static Traffic Generated(TrafficOptions options, string arrivals)
    {
        UsageException.Checking(options.Validate);
        return new Traffic(new GeneratedArrivals(options), Describe(options, arrivals), WarmUp.Of(options), IsEmpty: false)
        {
            Made = options,
        };
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[]
        {
            _rate, _users, _ramp, _trace, _arrivals, _think, _requests, _duration, _input, _output, _dataset, _tokenizer, _turns, _prefix,
            _prefixes, _seed,
        })
        {
            command.Add(option);
        }
    }

    /// <summary>The seed.</summary>
    public ulong Seed(ParseResult parsed) => (ulong)_seed.Of(parsed);

    /// <summary>What is asked.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="plan">
    /// The deployment that is asked; null = nothing is known of it, and users begin all at once unless told otherwise.
    /// </param>
    /// <param name="model">What the command line calls its model, or null.</param>
    /// <param name="rate">Requests a second in place of <c>--rate</c>; null = those of the command line.</param>
    /// <param name="replicas">
    /// Replicas of the deployment that is simulated, which <see cref="UsualTraffic"/> says how many requests of; null = a server is really
    /// asked.
    /// </param>
    /// <exception cref="UsageException">Options contradict each other, or there are none.</exception>
    public Traffic Read(ParseResult parsed, ICostPlan? plan, string? model, double? rate = null, int? replicas = null)
    {
        if (_tokenizer.Of(parsed) is { } counting)
        {
            _ = ModelLocation.Require(counting);
        }

        Option[] kinds = [.. new Option[] { _rate, _users, _trace }.Where(parsed.IsGiven)];
        if (kinds.Length == 0)
        {
            throw new UsageException(
                "Say what is asked of the service: --rate X (requests a second, with --turns conversations), "
                    + "--users N (each waits for answers) or --trace FILE.");
        }

        if (kinds.Length > 1)
        {
            throw new UsageException($"{kinds[0].Name} and {kinds[1].Name} say different things of when requests come; give one of them.");
        }

        Refuse(parsed, _users, _ramp, "needs --users; others come when they come");
        Refuse(parsed, _dataset, _tokenizer, "needs --dataset, whose texts it counts");
        Refuse(parsed, _rate, _arrivals, "needs --rate; users ask when they are answered, and a trace has times of its own");
        if (_trace.Of(parsed) is { } file)
        {
            Option? idle =
                new Option[] { _think, _requests, _duration, _input, _output, _dataset, _turns, _prefix, _prefixes }.FirstOrDefault(
                parsed.IsGiven);
            if (idle is not null)
            {
                throw new UsageException($"{idle.Name}: the trace says it already; give it with --rate or --users.");
            }

            ArrivalTrace trace = ArrivalTraceReader.Read(file);
            return new Traffic(
                trace.ToSource(), string.Create(CultureInfo.InvariantCulture, $"{trace.Count:#,0} requests of {file}"), WarmUp.None,
                    trace.Count == 0)
            {
                Trace = trace,
            };
        }

        TrafficOptions made = Made(parsed, plan, model, rate);
        if (made is { Requests: null, DurationSeconds: null })
        {
            made = made with
            {
                Requests = plan is not null && replicas is { } count
                    ? UsualTraffic.Requests(plan, made, count)
                    : UsualTraffic.LeastRequests,
            };
        }

        return Generated(made, _arrivals.Of(parsed));
    }

    /// <summary>The words of a command line that gives a rate, with another one.</summary>
    public static IReadOnlyList<string> AtRate(IEnumerable<string> words, double rate)
    {
        string[] changed = [.. words];
        int at = Array.IndexOf(changed, RateOption().Name);
        if (at >= 0 && at + 1 < changed.Length)
        {
            changed[at + 1] = rate.ToString("R", CultureInfo.InvariantCulture);
        }

        return changed;
    }

    /// <summary>The users, where requests come from users who wait for answers.</summary>
    public int? Users(ParseResult parsed) => parsed.Given(_users);

    /// <summary>The rate, where requests come at one.</summary>
    public double? Rate(ParseResult parsed) => parsed.Given(_rate);

    private TrafficOptions Made(ParseResult parsed, ICostPlan? plan, string? model, double? rate)
    {
        if (parsed.IsGiven(_dataset) && (parsed.IsGiven(_input) || parsed.IsGiven(_output)))
        {
            throw new UsageException("--dataset: it says the lengths of both prompts and answers; leave --input and --output out.");
        }

        Refuse(parsed, _prefix, _prefixes, "needs --shared-prefix");
        if (parsed.IsGiven(_think) && !parsed.IsGiven(_users) && !parsed.IsGiven(_turns))
        {
            throw new UsageException("--think needs --users or --turns: nobody waits for the answer to a single request.");
        }

        int users = parsed.Given(_users) ?? 0;
        LengthPairs? pairs = _dataset.Of(parsed) is { } dataset ? Pairs(dataset, _tokenizer.Of(parsed), model) : null;
        double thinking = _think.Of(parsed).MeanSeconds;
        return new TrafficOptions
        {
            Process = parsed.IsGiven(_rate) ? ArrivalProcess.Parse(_arrivals.Of(parsed), rate ?? _rate.Of(parsed), "--arrivals") : null,
            Users = users,
            RampSeconds = users == 0 ? 0 : parsed.Given(_ramp) ?? (plan is null ? 0 : thinking + UsualTraffic.RampSeconds(
                plan, users, _prefix.Of(parsed) + (pairs?.MeanInput ?? _input.Of(parsed).Mean),
                pairs?.MeanOutput ?? _output.Of(parsed).Mean)),
            Think = _think.Of(parsed),
            Input = _input.Of(parsed),
            Output = _output.Of(parsed),
            Pairs = pairs,
            Turns = parsed.IsGiven(_turns) ? _turns.Of(parsed) : null,
            SharedPrefixTokens = _prefix.Of(parsed),
            SharedPrefixes = _prefixes.Of(parsed),
            Requests = parsed.Given(_requests),
            DurationSeconds = parsed.Given(_duration),
            Seed = Seed(parsed),
        };
    }

    private static LengthPairs Pairs(string dataset, string? tokenizer, string? model)
    {
        bool isTexts = dataset.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        if (tokenizer is not null && !isTexts)
        {
            throw new UsageException("--tokenizer: a trace gives lengths in tokens already; it is for ShareGPT's .json.");
        }

        string? counting = tokenizer ?? (model is not null && HasTokenizer(model) ? model : null);
        if (counting is null || !isTexts)
        {
            return LengthPairsReader.Read(dataset);
        }

        using ModelLocation location = ModelLocation.Resolve(counting);
        Tokenizer counts = location.Files.Tokenizer;
        return LengthPairsReader.Read(dataset, text => counts.Encode(text, addSpecial: false, parseSpecial: false).Length);
    }

    private static bool HasTokenizer(string model) =>
        (File.Exists(model) && ModelFile.IsGguf(model)) || File.Exists(Path.Combine(model, "tokenizer.json"));

    private static string Describe(TrafficOptions options, string arrivals)
    {
        string who = options.Users > 0
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{options.Users:#,0} {(options.Users == 1 ? "user" : "users")}"
                    + $"{(options.RampSeconds > 0 && options.Users > 1 ? $" who begin over {options.RampSeconds:0.##} s" : "")}")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{options.Process!.RequestsPerSecond:#,0.######} {(options.Turns is null ? "requests" : "conversations")}/s ({arrivals})");
        string many = (options.Requests, options.DurationSeconds) switch
        {
            ({ } n, null) => string.Create(CultureInfo.InvariantCulture, $"{n:#,0} {(n == 1 ? "request" : "requests")}"),
            (null, { } s) => string.Create(CultureInfo.InvariantCulture, $"{s:#,0.###} s"),
            ({ } n, { } s) => string.Create(CultureInfo.InvariantCulture, $"{n:#,0} requests or {s:#,0.###} s"),
            _ => "",
        };
        string shared = options switch
        {
            { SharedPrefixTokens: 0 } => "",
            { SharedPrefixes: > 1 } => string.Create(
                CultureInfo.InvariantCulture,
                $" behind {options.SharedPrefixTokens:#,0} of one of {options.SharedPrefixes:#,0} beginnings"),
            _ => string.Create(CultureInfo.InvariantCulture, $" behind {options.SharedPrefixTokens:#,0} that all share"),
        };
        string lengths = options.Pairs is { } pairs
            ? $"lengths of {pairs.Name}{(pairs.IsEstimated ? ", estimated: a token for every 4 characters" : "")}"
                + (shared.Length > 0 ? ", input" + shared : "")
            : $"input {Lengths(options.Input)}{shared}, output {Lengths(options.Output)}";
        string turns = options.Turns is { } t ? $", conversations of {Lengths(t)} turns" : "";
        return $"{who}, {many}, {lengths}{turns}";
    }

    // Where they end is said where that is somewhere: a normal distribution has no end.
    private static string Lengths(LengthDistribution lengths) => lengths switch
    {
        _ when lengths.Smallest == lengths.Largest => string.Create(CultureInfo.InvariantCulture, $"{lengths.Smallest:#,0}"),
        { Largest: LengthDistribution.MostTokens } => string.Create(CultureInfo.InvariantCulture, $"{lengths.Mean:#,0.#} on average"),
        _ => string.Create(
            CultureInfo.InvariantCulture, $"{lengths.Smallest:#,0} to {lengths.Largest:#,0} ({lengths.Mean:#,0.#} on average)"),
    };

    private static void Refuse(ParseResult parsed, Option needed, Option given, string why)
    {
        if (parsed.IsGiven(given) && !parsed.IsGiven(needed))
        {
            throw new UsageException($"{given.Name} {why}.");
        }
    }

    private static ValueOption<LengthDistribution> Lengths(string name, string meaning, int fallback) =>
        new([name], LengthsOf(), meaning, fallback.ToString(CultureInfo.InvariantCulture))
        {
            Fallback = LengthDistribution.Fixed(fallback),
        };

    private static string MeaningOfRate(string what) => $"Open loop: {what}, whatever becomes of those before.";

    private static string Listed(string help) => help.Replace("|", ", ", StringComparison.Ordinal);

    private static Domain<LengthDistribution> LengthsOf() => new("LENGTH", null, LengthDistribution.Parse);

    private static Domain<string> Checked<T>(string help, Func<string, string, T> parse) => new(help, null, (text, origin) =>
    {
        _ = parse(text, origin);
        return text;
    });
}
