using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Showcase;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer showcase</c>: the metrics tour.</summary>
internal sealed class ShowcaseCommand
{
    private readonly PathArgument _model = new("MODEL", PathUse.Name, "The model to tour.", isOptional: true, "llama-3.1-8b");
    private readonly PathOption _system = new(["--on"], PathUse.Name, "The machine.", value: "h100");
    private readonly PathOption _catalog = DeploymentOptions.CatalogOption(
        "Folder with models/*.json, hardware/*.json and calibration/*.json of your own.");
    private readonly PathOption _report = new(["--report", "-o"], PathUse.WriteFile, "Write the whole tour as JSON to this file as well.");
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private ShowcaseCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        ShowcaseCommand self = new(printer);
        ExampleCommand command = new(
            "showcase",
            "A tour of the metrics: context lengths, generation lengths, batch sizes, parallelism, optimisations and model sizes.",
            "inferometer showcase",
            "inferometer showcase qwen2.5-7b --on mi300x",
            "inferometer showcase -o report.json")
        {
            self._model, self._system, self._catalog, self._report, self._format,
        };
        command.SetAction((parsed, cancellationToken) => Interrupt.RunAsync(token => self.Run(parsed, token), cancellationToken));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        Catalogs catalogs = Catalogs.From(_catalog.Of(parsed));
        SimulationConfig start = catalogs.Canonical(Tour.Start(_model.Of(parsed)!, _system.Of(parsed)!));
        catalogs.Hardware.Resolve(_system.Of(parsed)!);
        IReadOnlyList<Scenario> tour = Tour.Of(start, catalogs.Models.Resolve(start.Model).MaxContextTokens);
        SimulationConfig[] cases = [.. tour.SelectMany(s => s.Cases).Select(c => c.Config)];
        IReadOnlyList<Estimate> estimates;
        using (Progress progress = new(_printer, "estimates", cases.Length))
        {
            estimates = new EstimateBatch(catalogs.CreateEngine(new KvProfileReader())).Run(cases, progress.Advance, cancellationToken);
        }

        Document page = ShowcasePage.Of(tour, estimates);
        _printer.Print(page, _format.Of(parsed));
        if (_report.Of(parsed) is { } file)
        {
            using StreamWriter writer = new(file);
            new JsonWriter(writer).Write(page);
            _printer.Error.WriteLine($"report written to {file}");
        }

        return ExitCode.Success;
    }
}
