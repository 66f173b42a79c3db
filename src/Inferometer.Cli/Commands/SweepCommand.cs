using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Planning;
using Inferometer.Sweeps.Clusters;
using Inferometer.Sweeps.Rows;
using Inferometer.Sweeps.Runs;
using Inferometer.Sweeps.Spaces;
using Inferometer.Sweeps.Tables;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer sweep</c>: every point of a space, predicted and written down.</summary>
internal sealed class SweepCommand
{
    private const string Slurm = "slurm";

    private readonly PathArgument _space = new("SPACE", PathUse.ReadFile, "What to sweep: a YAML file (docs/sweep.md).", isOptional: false);
    private readonly PathOption _output = new(
        ["--output", "-o"], PathUse.WriteFile, "Where results go: .csv, .jsonl or .parquet.", value: "results.csv");

    private readonly RepeatedOption<string> _simulate = new(
        ["--simulate"], Domains.Text("NAME=VALUE"),
        "Points are services: a setting of 'inferometer simulate', such as rate=4, beside those of the space.");

    private readonly FlagOption _dry = new(["--dry-run"], "Say how many points there are, and do none.");
    private readonly FlagOption _restart = new(
        ["--restart"], "Throw away what an earlier run of another space left beside the output; of the same space it is taken up.");

    private readonly ValueOption<string> _engine = new(
        ["--engine"], Domains.Word(("local", "local"), (Slurm, Slurm)), "What does the work: this machine, or a cluster's job arrays.",
            "local")
    { Fallback = "local" };

    private readonly ValueOption<int> _threads = new(
        ["--threads", "-t"], Domains.Whole(1, 4096), "Cores of this machine to use.", "all")
    { Fallback = Environment.ProcessorCount };

    private readonly ValueOption<int> _shards = new(
        ["--shards"], Domains.Whole(1, 1_000_000), "Pieces the sweep is cut into; results do not depend on it.", "as the engine has it");

    private readonly ValueOption<string?> _partition = new(
        ["--partition"], Domains.Text("NAME").As(text => (string?)text), "Slurm: partition of the jobs.", "the cluster's default");

    private readonly ValueOption<string?> _container = new(
        ["--container"], Domains.Text("IMAGE").As(text => (string?)text),
        "Slurm: Apptainer image that holds the program at /opt/inferometer/inferometer.", "none: the program as it is here");

    private readonly ValueOption<int> _retries = new(
        ["--retries"], Domains.Whole(0, 100), "Slurm: how often a shard that failed is given to a new task.")
    { Fallback = 3 };

    private readonly RepeatedOption<string> _slurmOptions = new(
        ["--slurm-option"], Domains.Text("OPTION"), "Slurm: a further option of sbatch, such as --slurm-option=--time=01:00:00.");

    private readonly PathOption _catalog = DeploymentOptions.CatalogOption("Folder with models/*.json, hardware/*.json and "
        + "calibration/*.json of your own.");
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private SweepCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        SweepCommand self = new(printer);
        ExampleCommand command = new(
            "sweep",
            "Predicts every point of a space: models, machines, parallelism, loads, formats, features. Results are written in the order of "
                + "the points, whatever does the work; a run that was stopped is taken up where it was.",
            "inferometer sweep space.yaml -o results.csv",
            "inferometer sweep space.yaml --dry-run",
            "inferometer sweep space.yaml --simulate rate=4 --simulate requests=200 -o services.parquet",
            "inferometer sweep space.yaml --engine slurm --partition cpu --shards 200 -o results.parquet",
            "inferometer sweep show results.csv --rows tp --columns batch --value tpot --where system=h100")
        {
            self._space, self._output, self._simulate, self._dry, self._restart, self._engine, self._threads, self._shards, self._partition,
            self._container, self._retries, self._slurmOptions, self._catalog, self._format,
            SweepShowCommand.Create(printer), SweepShardCommand.Create(),
        };
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (_output.Of(parsed) is { } output)
        {
            UsageException.Checking(() => ResultFormats.Of(output, "-o"));
        }

        ISweepEngine engine = Engine(parsed);
        string? catalog = _catalog.Of(parsed);
        PointReader points = new(Catalogs.From(catalog));
        SweepRequest request = new()
        {
            SpaceFile = _space.Of(parsed)!,
            Output = _output.Of(parsed)!,
            Points = points,
            Simulate = _simulate.Of(parsed),
            Catalog = catalog,
            Restart = _restart.Of(parsed),
            Shards = parsed.Given(_shards),
        };
        if (_dry.Of(parsed))
        {
            SweepSpace space = SpaceReader.Load(request.SpaceFile, points, request.Simulate);
            int shards = request.Shards ?? await engine.ShardsForAsync(space, cancellationToken).ConfigureAwait(false);
            _printer.Print(SweepPage.OfSpace(space, shards), _format.Of(parsed));
            return ExitCode.Success;
        }

        using Interrupt interrupt = new(cancellationToken);
        SweepOutcome outcome;
        using (SweepProgressLine progress = new(_printer))
        {
            outcome = await Sweep.RunAsync(request, engine, progress, interrupt.Token).ConfigureAwait(false);
        }

        _printer.Print(SweepPage.OfOutcome(outcome, request.Output), _format.Of(parsed));
        return ExitCode.Success;
    }

    private ISweepEngine Engine(ParseResult parsed)
    {
        bool slurm = _engine.Of(parsed) is Slurm;
        Option[] others = slurm ? [_threads] : [_partition, _container, _retries, _slurmOptions];
        if (Array.Find(others, parsed.IsGiven) is { } idle)
        {
            throw new UsageException(slurm
                ? $"{idle.Name} is of --engine local; a task of Slurm's has the cores that --slurm-option says."
                : $"{idle.Name} needs --engine slurm.");
        }

        return slurm
            ? new SlurmEngine(new SlurmOptions
            {
                Partition = _partition.Of(parsed),
                Container = _container.Of(parsed),
                Retries = _retries.Of(parsed),
                Options = _slurmOptions.Of(parsed),
                Program = ThisProgram.Command,
            })
            : new LocalEngine(_threads.Of(parsed));
    }
}
