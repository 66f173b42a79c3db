using System.CommandLine;
using System.Text;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.History.Records;
using Inferometer.History.Stores;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer report</c>: runs that were kept, written to a file that can be given to somebody.</summary>
internal sealed class ReportCommand
{
    private static readonly string[] Endings = [".html", ".md", ".json", ".svg"];

    private readonly TextsArgument _runs = new(
        "RUN", $"Runs: {RunReference.Allowed}. Later ones are set beside the first.");

    private readonly PathOption _output = new(
        ["--output", "-o"], PathUse.WriteFile,
        "File to write: .html (one file with charts that loads nothing), .md, .json (every figure and the values behind it) or .svg "
            + "(plots).",
        "the report on standard output, as a page");

    private readonly FlagOption _noPredictions = new(
        ["--no-predictions"], "Leave out the prediction that was kept with a measured run.");

    private readonly ValueOption<string> _store = RecordingSettings.StoreOption();
    private readonly Printer _printer;

    private ReportCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        ReportCommand self = new(printer);
        ExampleCommand command = new(
            "report",
            "Writes a report of runs that were kept: figures, plots, what was asked for, definitions, and the commands that make them "
                + "again.",
            "inferometer report latest -o report.html",
            "inferometer report before after -o comparison.html",
            "inferometer report latest~1 latest -o comparison.md",
            "inferometer report 3f9c0d -o plots.svg")
        {
            self._runs, self._output, self._noPredictions, self._store,
        };
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string? file = _output.Of(parsed);
        string ending = file is null ? "" : Path.GetExtension(file).ToLowerInvariant();
        if (file is not null && !Endings.Contains(ending, StringComparer.Ordinal))
        {
            throw new UsageException(
                $"{_output.Name}: {Domains.Quote(file)} is not allowed; it must end in {Domains.Listed(Endings)}.");
        }

        using IRunStore store = RunStores.OpenExisting(RecordingSettings.Location(parsed, _store));
        List<RunRecord> runs = [.. _runs.Of(parsed).Select(text => RunReference.Find(store, text, "RUN"))];
        if (!_noPredictions.Of(parsed))
        {
            AddPredictions(store, runs);
        }

        RunReport report = new(runs);
        if (file is null)
        {
            _printer.Print(report.ToDocument(), OutputFormat.Table);
            return ExitCode.Success;
        }

        if (ending is ".svg" && report.Plots.Count == 0)
        {
            throw new InferometerException($"{_output.Name}: there is nothing to plot: no values were kept behind the figures.");
        }

        Write(file, ending, report);
        _printer.Error.WriteLine($"written: {file}");
        if (ending is ".html" && !RunReportHtml.HasScript)
        {
            _printer.Error.WriteLine("note: this build has no script for reports (Node.js was missing when it was made); plots are still.");
        }

        return ExitCode.Success;
    }

    // Beside a measured run stands what was predicted for it, where that was kept.
    private static void AddPredictions(IRunStore store, List<RunRecord> runs)
    {
        for (int i = 0; i < runs.Count; i++)
        {
            RunRecord? prediction = runs[i].Arm is RunArm.Measured
                ? store.List(new RunFilter { PredictionOf = runs[i].Id, Limit = 1 }).FirstOrDefault()
                : null;
            if (prediction is not null && !runs.Exists(r => string.Equals(r.Id, prediction.Id, StringComparison.Ordinal)))
            {
                runs.Insert(++i, store.Get(prediction.Id));
            }
        }
    }

    private static void Write(string file, string ending, RunReport report)
    {
        string text = ending switch
        {
            ".html" => RunReportHtml.Of(report),
            ".json" => RunJson.File(report),
            ".svg" => RunPlotSvg.File(report),
            _ => Markdown(report),
        };
        File.WriteAllText(file, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    private static string Markdown(RunReport report)
    {
        using StringWriter writer = new();
        DocumentWriters.For(OutputFormat.Markdown, writer).Write(report.ToDocument());
        return writer.ToString();
    }
}
