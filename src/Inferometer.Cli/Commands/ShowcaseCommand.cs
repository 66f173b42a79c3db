using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
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
    private readonly Argument<string> _model = new("MODEL") { Description = "The model to tour.", DefaultValueFactory = _ => "llama-3.1-8b" };
    private readonly Option<string> _system = new("--on") { HelpName = "SYSTEM", Description = "The machine.", DefaultValueFactory = _ => "h100" };
    private readonly Option<string> _catalog = new("--catalog") { HelpName = "FOLDER", Description = "Folder with models/*.json and hardware/*.json of your own." };
    private readonly Option<string> _report = new("--report", "-o") { HelpName = "FILE", Description = "Write the whole tour as JSON to this file as well." };
    private readonly Option<OutputFormat> _format = Printer.FormatOption();
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
        command.SetAction((parsed, cancellationToken) => Task.Run(() => self.Run(parsed, cancellationToken), cancellationToken));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        Catalogs catalogs = Catalogs.From(parsed.GetValue(_catalog));
        SimulationConfig start = catalogs.Canonical(Tour.Start(parsed.GetValue(_model)!, parsed.GetValue(_system)!));
        catalogs.Hardware.Resolve(parsed.GetValue(_system)!);
        IReadOnlyList<Scenario> tour = Tour.Of(start, catalogs.Models.Resolve(start.Model).MaxContextTokens);
        SimulationConfig[] cases = [.. tour.SelectMany(s => s.Cases).Select(c => c.Config)];
        IReadOnlyList<Estimate> estimates;
        using (Progress progress = new(_printer, "estimates", cases.Length))
        {
            estimates = new EstimateBatch(catalogs.CreateEngine(new KvProfileReader())).Run(cases, progress.Advance, cancellationToken);
        }

        Document page = ShowcasePage.Of(tour, estimates);
        _printer.Print(page, parsed.GetValue(_format));
        if (parsed.GetValue(_report) is { } file)
        {
            using StreamWriter writer = new(file);
            new JsonWriter(writer).Write(page);
            _printer.Error.WriteLine($"report written to {file}");
        }

        return ExitCode.Success;
    }
}
