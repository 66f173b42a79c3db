using System.CommandLine;
using Inferometer.Cli.Estimates;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Cli.Showcase;

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
        EstimateSettings start = new()
        {
            Model = parsed.GetValue(_model)!,
            System = parsed.GetValue(_system)!,
        };
        catalogs.Hardware.Resolve(start.System);
        start = catalogs.Canonical(start);
        IReadOnlyList<Scenario> tour = Tour.Of(start, catalogs.Models.Resolve(start.Model).MaxContextTokens);
        IReadOnlyList<Estimate> estimates = new EstimateBatch(catalogs.CreateEngine(), _printer)
            .Run([.. tour.SelectMany(s => s.Cases).Select(c => c.Settings)], cancellationToken);
        List<(Scenario Scenario, IReadOnlyList<Estimate> Estimates)> results = [];
        int taken = 0;
        foreach (Scenario scenario in tour)
        {
            results.Add((scenario, [.. estimates.Skip(taken).Take(scenario.Cases.Count)]));
            taken += scenario.Cases.Count;
        }

        Document page = new([.. ShowcasePage.Of(results)])
        {
            Title = $"The metrics of {SettingMeasures.ShortName(start.Model)} on {start.System}",
        };
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
