using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.History.Records;
using Inferometer.History.Stores;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer show</c>: one run of the history.</summary>
internal sealed class ShowCommand
{
    private readonly TextArgument _run = new("RUN", $"The run: {RunReference.Allowed}. [default: latest]");
    private readonly ValueOption<string> _store = RecordingSettings.StoreOption();
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private ShowCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        ShowCommand self = new(printer);
        ExampleCommand command = new(
            "show",
            "Shows a run of the history: what was asked, where and when, and every figure with the spread of the values behind it.",
            "inferometer show",
            "inferometer show latest~1",
            "inferometer show 3fa9c1d2 -f json")
        {
            self._run, self._store, self._format,
        };
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        using IRunStore store = RunStores.OpenExisting(RecordingSettings.Location(parsed, _store));
        RunRecord run = RunReference.Find(store, _run.Of(parsed) ?? "latest", "RUN");
        OutputFormat format = _format.Of(parsed);
        Document page = format switch
        {
            OutputFormat.Json => RunPage.Full(run),
            OutputFormat.Csv => new Document(RunPage.Metrics(run)),
            _ => RunPage.Of(run, store.List(new RunFilter { PartOf = run.Id })),
        };
        _printer.Print(page, format);
        return ExitCode.Success;
    }
}
