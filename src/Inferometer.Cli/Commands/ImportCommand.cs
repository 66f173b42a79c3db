using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.History.Import;
using Inferometer.History.Records;
using Inferometer.History.Stores;
using Inferometer.Measurement.Published.Results;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer import</c>: what other programs measured, taken into the history.</summary>
internal sealed class ImportCommand
{
    private static readonly Domain<string> Label = new("NAME", null, RunReference.CheckLabel);

    private readonly PathArgument _file = new(
        "FILE", PathUse.ReadFile, "A result in JSON or JSON lines, or CSV of llama-bench: llama-bench, vLLM 'bench serve', SGLang "
            + "bench_serving, AIPerf, GenAI-Perf.",
        isOptional: false);

    private readonly ValueOption<string> _model = new(["--model"], Domains.Text("NAME"), "The model that ran.", "as the file says");
    private readonly ValueOption<string> _on = new(["--on"], Domains.Text("NAME"), "What it ran on.", "as the file says");
    private readonly ValueOption<string> _name = new(["--name"], Label, "Name of the run; where there are several, of the last.");
    private readonly RepeatedOption<string> _tags = new(["--tag"], Label, "A tag that is stuck on the runs.");
    private readonly ValueOption<string> _store = RecordingSettings.StoreOption();
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private ImportCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        ImportCommand self = new(printer);
        ExampleCommand command = new(
            "import",
            "Takes results of other programs into the history, to be compared with each other and with runs of this one.",
            "inferometer import llama-bench.json",
            "inferometer import vllm-result.json --on h100 --name vllm-0.11 --tag peers",
            "inferometer import profile_export_aiperf.json --model llama-3.1-8b")
        {
            self._file, self._model, self._on, self._name, self._tags, self._store, self._format,
        };
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        BenchmarkSubject subject = new()
        {
            Model = parsed.IsGiven(_model) ? _model.Of(parsed) : null,
            System = parsed.IsGiven(_on) ? _on.Of(parsed) : null,
        };
        RunRecord[] runs = [.. ResultImport.Read(_file.Of(parsed)!, subject).Select(r => r with { Tags = _tags.Of(parsed) })];
        if (parsed.IsGiven(_name))
        {
            runs[^1] = runs[^1] with { Name = _name.Of(parsed) };
        }

        using IRunStore store = RunStores.Open(RecordingSettings.Location(parsed, _store));
        int known = runs.Count(run => !store.Add(run));
        if (known > 0)
        {
            _printer.Error.WriteLine(
                known == 1 ? "One of the runs was there already."
                : $"{Reports.Documents.Numbers.Whole(known)} of the runs were there already.");
        }

        _printer.Print(RunListPage.Of(runs), _format.Of(parsed));
        return ExitCode.Success;
    }
}
