using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Core;
using Inferometer.Reports.Estimates;
using Inferometer.Reports.Metrics;
using Inferometer.Reports.Writers;
using Inferometer.Serving;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer compare</c>: several estimates side by side.</summary>
internal sealed partial class CompareCommand
{
    private const string DraftGroup = "speculative_decode";
    private const string DraftModel = "draft_model";
    private static readonly string[] DraftsWithoutModel = ["mtp", "ngram"];

    private readonly PathArgument _models = new("MODELS", PathUse.Name, "Models, separated by commas.", isOptional: true);
    private readonly DeploymentOptions _deployment = new();
    private readonly ValueOption<string> _modelOption = new(["--model"], Domains.Text("A,B"), "The models, as an option.");
    private readonly FlagOption _zip = new(["--zip"], "Take the lists in step, first with first, instead of every combination.");
    private readonly ListOption<int> _users = TrafficSettings.UsersListOption();
    private readonly ListOption<double> _rate = TrafficSettings.RatesOption();
    private readonly ValueOption<Slo> _slo = ServiceSettings.SloOption();
    private readonly ValueOption<string> _best = new(
        ["--best"],
        Domains.Word([.. MetricChoice.Words.Select(word => (word, word))]),
        "What the best row is chosen by, the one marked with *.",
        "throughput; with --rate e2e, with several loads none")
    { Fallback = MetricChoice.Words[0] };

    private readonly ValueOption<string> _sort = new(
        ["--sort"],
        Domains.Text(MetricChoice.OrderHelp),
        "Order of the rows: a metric's key (docs/metrics.md) or a word of --best, the better first unless told otherwise.",
        "as they were asked for");

    private readonly RepeatedOption<string> _filter = new(
        ["--filter"],
        Domains.Text(MetricChoice.FilterHelp),
        "Leave out rows that do not meet this, such as ttft_ms<500 or devices<=8, and those that are impossible.");

    private readonly ValueOption<int> _top = new(
        ["--top"], Domains.Whole(1, int.MaxValue), "Rows to keep: the first of --sort, or the best by --best.", "all")
    { Fallback = int.MaxValue };

    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private CompareCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        CompareCommand self = new(printer);
        ExampleCommand command = new(
            "compare",
            "Estimates several models, machines, formats or loads side by side. Every option that describes the estimate takes a list, "
                + "separated by commas; all combinations are compared. With --users or --rate each is a service that is simulated, as "
                + "estimate does with them.",
            "inferometer compare llama-3.1-8b --on h100,a100,mi300x",
            "inferometer compare llama2_7b --on A100_80GB --tp 4 --batch 1,2,4,8,16,32 --features decode --best tpot",
            "inferometer compare llama2_7b --on A100_80GB --tp 4 --batch 4 --output 128 --bits bf16,int8,int4",
            "inferometer compare llama2_7b,llama2_13b,llama2_70b --tp 2,4,8 --zip --on H100_80GB --batch 4",
            "inferometer compare llama-3.1-70b --on h100,h200 --tp 2,4,8 --batch 1,16,64 --best cost --format csv",
            "inferometer compare llama-3.1-70b --on h100,h200,b200 --tp 1,2,4,8 --batch 1,8,64 --filter \"tpot_ms<30\" --sort cost --top 5",
            "inferometer compare llama-3.1-8b --on h100,h200,b200 --users 16,64,256 --slo ttft:1s,tpot:50ms "
                + "--filter \"slo_attainment>=0.9\"")
        {
            self._models, self._modelOption, self._zip, self._users, self._rate, self._slo, self._best, self._sort,
            self._filter, self._top, self._format,
        };
        self._deployment.AddTo(command);
        command.SetAction((parsed, cancellationToken) => Interrupt.RunAsync(token => self.Run(parsed, token), cancellationToken));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.IsGiven(_users) || parsed.IsGiven(_rate) || parsed.IsGiven(_slo))
        {
            return Serve(parsed, cancellationToken);
        }

        Chooser<SimulationResult> chooser = Choosing(parsed, MetricChoice.OfEstimates, _best.Of(parsed));
        IReadOnlyList<SimulationConfig> settings = _deployment.ReadMany(parsed, Models(parsed), _zip.Of(parsed));
        Catalogs catalogs = _deployment.Catalogs(parsed);
        RequireNames(settings, catalogs);
        EstimateBatch batch = new(catalogs.CreateEngine(new KvProfileReader()));
        IReadOnlyList<Estimate> estimates;
        using (Progress progress = new(_printer, "estimates", settings.Count))
        {
            estimates = batch.Run([.. settings.Select(s => catalogs.Canonical(s))], progress.Advance, cancellationToken);
        }

        if (estimates.All(e => e.Result is null))
        {
            string others = estimates.Count > 1 ? $" (and {estimates.Count - 1} more: none of the combinations is possible)" : "";
            throw new InferometerException(Overflow.ReasonOf(estimates[0]) + others);
        }

        int asked = estimates.Count;
        estimates = chooser.Choose(estimates, e => e.Result);
        OutputFormat format = _format.Of(parsed);
        bool forPeople = format is OutputFormat.Table or OutputFormat.Markdown;
        _printer.Print(ComparisonPage.Of(estimates, chooser.Objective, forPeople, asked - estimates.Count), format);
        return ExitCode.Success;
    }

    // A name that nothing knows is a slip of the hand, not a row that turned out to be impossible.
    private static void RequireNames(IReadOnlyList<SimulationConfig> settings, Catalogs catalogs)
    {
        foreach (string model in settings.Select(s => s.Model).Concat(Names(settings, DraftGroup, DraftModel)
            .Where(name => !DraftsWithoutModel.Contains(name, StringComparer.OrdinalIgnoreCase))).Distinct(StringComparer.Ordinal))
        {
            if (catalogs.Models.TryFind(model) is null && !Path.Exists(model))
            {
                _ = catalogs.Models.Resolve(model);
            }
        }

        foreach (string system in Names(settings, "system_name", null).Distinct(StringComparer.Ordinal))
        {
            _ = catalogs.Hardware.Resolve(system);
        }
    }

    private static IEnumerable<string> Names(IReadOnlyList<SimulationConfig> settings, string parameter, string? member) =>
        from config in settings
        let value = config.SimulationParams.Raw(parameter)
        let node = member is null ? value : (value as JsonObject)?[member]
        where node?.GetValueKind() == JsonValueKind.String
        select node.GetValue<string>();

    private Chooser<TResult> Choosing<TResult>(ParseResult parsed, MetricChoice<TResult> choice, string best)
        where TResult : class
    {
        Chooser<TResult>? chooser = null;
        UsageException.Checking(() => chooser = new Chooser<TResult>(
            choice.Best(best),
            parsed.IsGiven(_sort) ? choice.Order(_sort.Of(parsed), _sort.Name)
                : parsed.IsGiven(_top) ? choice.Order(best, _best.Name) : null, // the top of what nothing sorts is that by --best
            [.. _filter.Of(parsed).Select(text => choice.Filter(text, _filter.Name))],
            _top.Of(parsed)));
        return chooser!;
    }

    private List<string> Models(ParseResult parsed)
    {
        List<string> models =
        [
            .. new[] { _models.Of(parsed), _modelOption.Of(parsed) }
                .SelectMany(text => text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? []),
        ];
        return models.Count > 0 ? models : throw new UsageException("Say which MODELS; 'inferometer models' lists the known ones.");
    }

    // Which rows are kept, and in which order.
    private sealed record Chooser<TResult>(
        Objective<TResult> Objective, MetricOrder<TResult>? Order, MetricFilter<TResult>[] Filters, int Most)
        where TResult : class
    {
        public IReadOnlyList<TRow> Choose<TRow>(IReadOnlyList<TRow> rows, Func<TRow, TResult?> resultOf)
        {
            IReadOnlyList<TRow> kept = Filters.Length == 0 ? rows : [.. rows.Where(row => Filters.All(f => f.Accepts(resultOf(row))))];
            if (kept.Count == 0)
            {
                IEnumerable<string> said = Filters.Select(f => FormattableString.Invariant($"{f.Metric.Key}{f.Comparison}{f.Limit}"));
                throw new InferometerException($"--filter: none of the {rows.Count} rows meets {string.Join(" and ", said)}.");
            }

            TRow[] chosen = [.. (Order?.Sort(kept, resultOf) ?? kept).Take(Most)];
            return Objective.BestOf(chosen.Select(resultOf)) >= 0 ? chosen : throw new InferometerException(
                $"--best: '{Objective.Name}' is not known for any of these estimates; a phase, price or power rating is missing.");
        }
    }
}
