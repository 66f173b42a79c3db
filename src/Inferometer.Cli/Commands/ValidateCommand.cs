using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Published.Layouts;
using Inferometer.Measurement.Replay;
using Inferometer.Measurement.Sizes;
using Inferometer.Measurement.Validation;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Validation;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer validate</c>: a table of measurements beside what a cost model says of it.</summary>
internal sealed class ValidateCommand
{
    private readonly PathOption _measurements = new(
        ["--measurements", "-m"], PathUse.ReadFile, "Table of measurements, CSV: this, or --sizes.");

    private readonly PathOption _sizes = new(
        ["--sizes"], PathUse.ReadFile,
        "Table of published sizes of files, loaded weights and caches, CSV: predicts its rows of the kind memory.");

    private readonly PathOption _against = new(
        ["--against"], PathUse.ReadFile, "Table of another tool's predictions for the same rows, CSV: id, ttft_ms, tpot_ms.");

    private readonly ValueOption<string> _costModel = new(
        ["--cost-model"], Domains.Word([.. CostModels.All.Select(m => (m.Name, m.Name))]), "What predicts.")
    { Fallback = CostModels.Default };

    private readonly ValueOption<int> _worst = new(
        ["--worst"], Domains.Whole(0, 1000), "How many of the worst rows to list for each metric.")
    { Fallback = 3 };

    private readonly ValueOption<HoldOut> _holdOut = new(
        ["--hold-out"],
        Domains.Word(
            ("random", HoldOut.RandomFifth), ("groups", HoldOut.WholeGroups), ("model", HoldOut.Model), ("gpu|machine", HoldOut.Device),
            ("framework", HoldOut.Framework)),
        "Of serving rows: fit anew without the part that is judged: a random fifth, a fifth of the deployments, one model, one GPU or one "
            + "framework.",
        "none: what ships");

    private readonly ListOption<int> _calibrate = new(
        ["--calibrate"], Domains.Whole(0, 100),
        "With --hold-out: correct each fit by so many rows of the deployment that is judged, those that tell most; they are not judged.",
        [0]);

    private readonly ValueOption<int> _simulate = new(
        ["--simulate"], Domains.Whole(1, 1_000_000, help: "N"),
        "Of serving rows: play every Nth through the serving simulation, as simulate does it, instead of pricing all as closed loops.",
        "none");

    private readonly FlagOption _rows = new(["--rows"], "List every figure beside its prediction.");
    private readonly PathOption _output = new(
        ["--output", "-o"], PathUse.WriteFile, "Also draw predicted over measured: a page (.html) or a picture (.svg).");

    private readonly PathOption _catalog = DeploymentOptions.CatalogOption(
        "Folder with models/*.json, hardware/*.json and calibration/*.json of your own.");
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private ValidateCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        ValidateCommand self = new(printer);
        ExampleCommand command = new(
            "validate",
            "Predicts every row of a table of measurements and says how far off that is: by metric, machine, framework, model and format.",
            "inferometer validate --measurements silicon.csv",
            "inferometer validate --measurements silicon.csv --against baseline.csv -o scatter.html",
            "inferometer validate --measurements my-runs.csv --rows --format csv",
            "inferometer validate --measurements silicon.csv --hold-out groups --calibrate 0,1,3,5",
            "inferometer validate --measurements silicon.csv --simulate 10",
            "inferometer validate --sizes published_by_users.csv")
        {
            self._measurements, self._sizes, self._against, self._costModel, self._holdOut, self._calibrate, self._simulate, self._worst,
            self._rows, self._output, self._catalog, self._format,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => self.Run(parsed, cancellationToken), cancellationToken));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        Catalogs catalogs = Catalogs.From(_catalog.Of(parsed));
        if (_sizes.Of(parsed) is { } sizes)
        {
            return Sizes(parsed, sizes, catalogs.Models);
        }

        string? output = _output.Of(parsed);
        bool isPicture = output is not null && PictureFormat(output);
        string path = _measurements.Of(parsed)
            ?? throw new UsageException("validate: give --measurements FILE, or --sizes FILE for sizes alone.");
        ReplaySetup setup = new(catalogs, PublishedNames.ConfigFolderOf(path), _costModel.Of(parsed));
        PublishedTable table = PublishedTableReader.Read(path);
        if (parsed.IsGiven(_holdOut))
        {
            return HeldOut(parsed, table, cancellationToken);
        }

        if (parsed.IsGiven(_calibrate))
        {
            throw new UsageException("--calibrate needs --hold-out: what ships may have seen the rows that would be judged.");
        }

        if (parsed.IsGiven(_simulate) && table.Serving.Count == 0)
        {
            throw new UsageException($"--simulate: serving rows are simulated; {path} is a table of {table.Layout}.");
        }

        PublishedTable? baseline = _against.Of(parsed) is { } other ? PublishedTableReader.Read(other) : null;
        ValidationResult result = TableValidation.Run(
            table, setup, baseline, cancellationToken, parsed.Given(_simulate) ?? 0);
        OutputFormat format = _format.Of(parsed);
        Document page = format == OutputFormat.Csv && _rows.Of(parsed)
            ? new Document(ValidationPage.Figures(result))
            : ValidationPage.Of(result, _worst.Of(parsed), _rows.Of(parsed));
        if (output is not null)
        {
            File.WriteAllText(output, isPicture ? ScatterPlot.Svg(result) : ValidationHtml.Of(result, page));
            _printer.Error.WriteLine($"drawn to {output}");
        }

        _printer.Print(page, format);
        return ExitCode.Success;
    }

    private int Sizes(ParseResult parsed, string path, ModelCatalog models)
    {
        Option[] others = [_measurements, _against, _costModel, _holdOut, _calibrate, _simulate, _worst, _rows, _output];
        if (others.FirstOrDefault(parsed.IsGiven) is { } other)
        {
            throw new UsageException($"--sizes: not together with {other.Name}; sizes are compared by themselves, row by row.");
        }

        SizeSummary summary = new SizeComparison(models).Of(PublishedSizes.Read(path));
        OutputFormat format = _format.Of(parsed);
        _printer.Print(
            format == OutputFormat.Csv ? new Document(SizesPage.Figures(summary)) : SizesPage.Of(summary, path), format);
        return ExitCode.Success;
    }

    private int HeldOut(ParseResult parsed, PublishedTable table, CancellationToken cancellationToken)
    {
        foreach (Option idle in new Option[] { _against, _output, _worst })
        {
            if (parsed.IsGiven(idle))
            {
                throw new UsageException($"{idle.Name}: with --hold-out errors alone are shown; leave it out.");
            }
        }

        if (!string.Equals(_costModel.Of(parsed), CostModels.Default, StringComparison.Ordinal))
        {
            throw new UsageException($"--hold-out: only the cost model '{CostModels.Default}' is fitted; leave --cost-model out.");
        }

        using Interrupt interrupt = new(cancellationToken);
        StageProgress progress = new(_printer, "validation");
        HoldOut holdOut = _holdOut.Of(parsed);
        int[] points = [.. _calibrate.Of(parsed).Distinct().Order()];
        CalibratedFits fits = new(
            Catalogs.From(_catalog.Of(parsed)), PublishedNames.ConfigFolderOf(_measurements.Of(parsed)!), parsed.IsGiven(_simulate));
        IReadOnlyList<ValidationResult> results = CrossValidation.Run(
            table, fits, holdOut, points, progress, interrupt.Token, parsed.Given(_simulate) ?? 1);
        OutputFormat format = _format.Of(parsed);
        Document page = format == OutputFormat.Csv && _rows.Of(parsed)
            ? new Document(ValidationPage.Figures(results[^1]))
            : HoldOutPage.Of(holdOut, [.. points.Zip(results)], _rows.Of(parsed));
        _printer.Print(page, format);
        return ExitCode.Success;
    }

    private static bool PictureFormat(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".SVG" => true,
        ".HTML" or ".HTM" => false,
        var other => throw new InferometerException(
            $"--output: '{path}' ends in '{other.ToLowerInvariant()}'; it must end in .html for a page or .svg for a picture."),
    };
}
