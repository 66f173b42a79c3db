using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Planning;
using Inferometer.Planning.Answers;
using Inferometer.Planning.Fleets;
using Inferometer.Planning.Inventory;
using Inferometer.Planning.Launching;
using Inferometer.Planning.Prices;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Planning;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer plan</c>: what to buy or rent for a load, or what can be served on what there is.</summary>
internal sealed class PlanCommand
{
    private readonly PathArgument _models = new(
        "MODEL",
        PathUse.Name,
        "A name from 'inferometer models', or the path of a config.json, a Hugging Face folder or a .gguf file; without a load several, "
            + "separated by commas, or none for all of the catalog.",
        isOptional: true);

    private readonly PlanSettings _settings = new();
    private readonly PathOption _prices = new(
        ["--prices"],
        PathUse.ReadFile,
        "Prices of your own, US dollars per device-hour: .json or .csv with system, per_hour and, if offered, spot and spot_availability.",
        "the catalog's");

    private readonly FlagOption _pools = new(
        ["--pools"],
            "Also plan two pools, short prompts and long ones, each with deployments of its own; needs --rate and lengths that vary.");

    private readonly ValueOption<string> _emit = new(
        ["--emit"],
        Domains.Word([.. PlanLaunch.Kinds.Select(kind => (kind, kind))]),
        "Print the command that starts a replica of the cheapest deployment with this framework, or a Kubernetes manifest, or a file for "
            + "Docker Compose, and nothing else.");

    private readonly ValueOption<int> _top = new(["--top"], Domains.Whole(1, 10_000), "Most rows of a table.") { Fallback = 12 };
    private readonly PathOption _catalog =
        DeploymentOptions.CatalogOption("Folder with models/*.json, hardware/*.json and calibration/*.json of your own.");

    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private PlanCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        PlanCommand self = new(printer);
        ExampleCommand command = new(
            "plan",
            "Plans capacity: the cheapest, the smallest and the fastest deployment that keep a service level for a load, and why the "
                + "others do not; or, without a load, the largest model, the longest context and the most users on the devices there are.",
            "inferometer plan llama-3.3-70b --users 200 --slo ttft:500ms,tpot:40ms",
            "inferometer plan gpt-oss-120b --rate 20 --slo ttft:500ms,tpot:40ms --on h100,h200,mi300x --input 1024 --output 512",
            "inferometer plan llama-3.1-8b --users 50 --slo ttft:1s,tpot:40ms --on 4xl40s --percentile p99",
            "inferometer plan llama-3.3-70b --users 200 --slo ttft:1s,tpot:40ms --on h200 --emit vllm",
            "inferometer plan --on 2xrtx4090 --slo tpot:50ms --input 4096 --output 512",
            "inferometer plan llama-3.1-8b --rate 30 --slo ttft:500ms,tpot:40ms --input lognormal:2000,3000 --on l40s,h100 --pools")
        {
            self._models,
        };
        self._settings.AddTo(command);
        foreach (Option option in new Option[] { self._prices, self._pools, self._emit, self._top, self._catalog, self._format })
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellationToken) => Interrupt.RunAsync(token => self.Run(parsed, token), cancellationToken));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        Catalogs catalogs = Catalogs.From(_catalog.Of(parsed));
        string[] models =
            [.. (_models.Of(parsed) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        return _settings.HasLoad(parsed)
            ? Plan(parsed, catalogs, models, cancellationToken)
            : Look(parsed, catalogs, models, cancellationToken);
    }

    private int Look(ParseResult parsed, Catalogs catalogs, string[] models, CancellationToken cancellationToken)
    {
        InventoryRequest request = _settings.ReadInventory(parsed, models, catalogs.Hardware);
        Option? idle = new Option[] { _emit, _prices, _pools }.FirstOrDefault(parsed.IsGiven);
        if (idle is not null)
        {
            throw new UsageException($"{idle.Name} needs a load: --users N or --rate X.");
        }

        IReadOnlyList<InventoryRow> rows;
        using (Progress progress = new(_printer, "models", 0))
        {
            rows = new InventoryPlanner(catalogs, new KvProfileReader()).Plan(request, progress.Report, cancellationToken);
        }

        OutputFormat format = _format.Of(parsed);
        int top = format is OutputFormat.Table or OutputFormat.Markdown ? _top.Of(parsed) : int.MaxValue;
        Document page = InventoryPage.Of(rows, request, top);
        _printer.Print(format == OutputFormat.Csv ? new Document(page.Blocks.OfType<Table>().First()) : page, format);
        return rows.Any(r => r.Deployment is not null) ? ExitCode.Success : ExitCode.Failed;
    }

    private int Plan(ParseResult parsed, Catalogs catalogs, string[] models, CancellationToken cancellationToken)
    {
        string model = models switch
        {
            [var one] => one,
            [] => throw new UsageException("Say which MODEL; 'inferometer models' lists the known ones."),
            _ => throw new UsageException("A load is planned for one MODEL at a time."),
        };
        PlanRequest request = Emitting(parsed, _settings.Read(parsed, model, catalogs.Hardware));
        PriceList prices = _prices.Of(parsed) is { } file ? PriceFile.Read(file, catalogs.Hardware) : PriceList.Catalog;
        Planner planner = new(catalogs, prices, new KvProfileReader());
        if (_pools.Of(parsed))
        {
            return Pools(parsed, planner, request, cancellationToken);
        }

        if (parsed.IsGiven(_emit))
        {
            Option? without = new Option[] { _format, _top }.FirstOrDefault(parsed.IsGiven);
            if (without is not null)
            {
                throw new UsageException(
                    $"{without.Name}: {_emit.Name} prints a command or a file and nothing else; leave one of the two out.");
            }

            return Emit(parsed, planner, request, catalogs.Models, cancellationToken);
        }

        PlanResult plan;
        using (Progress progress = new(_printer, "planning", 0))
        {
            plan = planner.Plan(request, progress.Report, cancellationToken);
        }

        OutputFormat format = _format.Of(parsed);
        Document page = format switch
        {
            OutputFormat.Json => PlanTables.Full(plan),
            OutputFormat.Csv => new Document(PlanTables.Answers(plan)),
            _ => PlanPage.Of(plan, _top.Of(parsed)),
        };
        _printer.Print(page, format);
        return plan.Chosen is null ? ExitCode.Failed : ExitCode.Success;
    }

    private int Pools(ParseResult parsed, Planner planner, PlanRequest request, CancellationToken cancellationToken)
    {
        if (!_settings.HasRate(parsed))
        {
            throw new UsageException("--pools needs --rate: a user's short and long questions would go to different pools.");
        }

        if (parsed.IsGiven(_emit))
        {
            throw new UsageException("--emit: give it for one pool's deployment at a time, without --pools.");
        }

        FleetPlan fleet;
        using (Progress progress = new(_printer, "planning", 0))
        {
            fleet = new FleetPlanner(planner).Plan(request, progress.Report, cancellationToken);
        }

        OutputFormat format = _format.Of(parsed);
        _printer.Print(format == OutputFormat.Csv ? new Document(FleetPage.Splits(fleet)) : FleetPage.Of(fleet), format);
        return fleet.Best is null && fleet.Single is null ? ExitCode.Failed : ExitCode.Success;
    }

    private PlanRequest Emitting(ParseResult parsed, PlanRequest request) => !parsed.IsGiven(_emit) ? request
        : PlanLaunch.Narrowed(request, _emit.Of(parsed))
            ?? throw new UsageException($"--emit {_emit.Of(parsed)}: --framework names others; leave one of the two out.");

    // Only the cheapest is wanted; what else a plan tells is worked out where there is none, to say why.
    private int Emit(ParseResult parsed, Planner planner, PlanRequest request, ModelCatalog models, CancellationToken cancellationToken)
    {
        PlanAnswer? cheapest;
        NearMiss? nearest;
        using (Progress progress = new(_printer, "planning", 0))
        {
            cheapest = planner.Cheapest(request, progress.Report, cancellationToken);
            nearest = cheapest is null ? planner.Plan(request, progress.Report, cancellationToken).Nearest : null;
        }

        if (cheapest is null)
        {
            throw new InferometerException(
                $"nothing keeps this level. {(nearest is { } n ? $"What binds: {n.Rejection}. {n.Would}." : "")}".TrimEnd());
        }

        _printer.Output.Write(PlanLaunch.Of(cheapest, request, models, _emit.Of(parsed)).ToString());
        return ExitCode.Success;
    }
}
