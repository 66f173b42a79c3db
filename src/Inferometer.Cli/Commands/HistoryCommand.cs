using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.History.Records;
using Inferometer.History.Stores;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer history</c>: the runs that are kept.</summary>
internal sealed class HistoryCommand
{
    private const int DefaultRuns = 20;

    private readonly RunFilterSettings _filter = new();
    private readonly ValueOption<int> _limit = new(
        ["--limit", "-n"], Domains.Whole(1, int.MaxValue), "Most runs, the latest.")
    { Fallback = DefaultRuns };
    private readonly ValueOption<string> _store = RecordingSettings.StoreOption();
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private HistoryCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        HistoryCommand self = new(printer);
        ExampleCommand command = new(
            "history",
            "Lists the runs that load, watch, bench, simulate, perplexity and compress eval have kept, and estimate with --record.",
            "inferometer history",
            "inferometer history --kind bench --model qwen3 --since 7d",
            "inferometer history --tag nightly -n 100 -f csv");
        self._filter.AddTo(command);
        command.Add(self._limit);
        command.Add(self._store);
        command.Add(self._format);
        command.Add(HistoryExportCommand.Create(printer));
        command.Add(HistoryTagCommand.Create(printer));
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        using IRunStore store = RunStores.OpenExisting(RecordingSettings.Location(parsed, _store));
        IReadOnlyList<RunRecord> runs = store.List(_filter.Read(parsed) with { Limit = _limit.Of(parsed) });
        OutputFormat format = _format.Of(parsed);
        if (runs.Count == 0 && format is OutputFormat.Table)
        {
            _printer.Error.WriteLine($"No such run is kept in {store.Location.Shown}.");
            return Hosting.ExitCode.Success;
        }

        Document page = RunListPage.Of(runs);
        _printer.Print(page, format);
        if (format is OutputFormat.Table && runs.Count == _limit.Of(parsed) && !parsed.IsGiven(_limit))
        {
            _printer.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The latest {runs.Count}; -n shows more."));
        }

        return Hosting.ExitCode.Success;
    }
}
