using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.History.Export;
using Inferometer.History.Records;
using Inferometer.History.Stores;
using Inferometer.Reports.Documents;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer history export</c>: the history as a table.</summary>
internal sealed class HistoryExportCommand
{
    private readonly PathOption _output = new(["--output", "-o"], PathUse.WriteFile, "The file, .parquet.") { Required = true };
    private readonly RunFilterSettings _filter = new();
    private readonly ValueOption<string> _store = RecordingSettings.StoreOption();
    private readonly Printer _printer;

    private HistoryExportCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        HistoryExportCommand self = new(printer);
        ExampleCommand command = new(
            "export",
            "Writes the history as Parquet: a row for each figure of each run, predictions of measured runs included.",
            "inferometer history export -o runs.parquet",
            "inferometer history export -o bench.parquet --kind bench --since 30d")
        {
            self._output,
        };
        self._filter.AddTo(command);
        command.Add(self._store);
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string path = _output.Of(parsed)!;
        if (!path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
        {
            throw new UsageException($"{_output.Name}: {Domains.Quote(path)} is not allowed; it must end in .parquet.");
        }

        IReadOnlyList<RunRecord> runs;
        using (IRunStore store = RunStores.OpenExisting(RecordingSettings.Location(parsed, _store)))
        {
            runs = store.List(_filter.Read(parsed) with { WithPredictions = true });
        }

        FileStream file = File.Create(path);
        await using (file.ConfigureAwait(false))
        {
            long rows = await ParquetExport.WriteAsync(runs, file, cancellationToken).ConfigureAwait(false);
            _printer.Error.WriteLine($"{path}: {Numbers.Whole(runs.Count)} runs, {Numbers.Whole(rows)} rows.");
        }

        return ExitCode.Success;
    }
}
