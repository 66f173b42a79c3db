using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.History.Comparison;
using Inferometer.History.Gates;
using Inferometer.History.Records;
using Inferometer.History.Stores;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer gate</c>: whether a run is no worse than a baseline.</summary>
internal sealed class GateCommand
{
    private const double DefaultRegression = 0.05;
    private const string GitHubVariable = "GITHUB_ACTIONS";

    private readonly TextArgument _run = new("RUN", $"The run: {RunReference.Allowed}. [default: latest]");
    private readonly ValueOption<string> _baseline = new(
        ["--baseline"], Domains.Text("RUN"), "The run that it is held against; a name or a tag means the latest that has it, but for RUN "
            + "itself.")
    { Required = true };

    private readonly ValueOption<double> _most = new(
        ["--max-regression"], new("SHARE", null,
            GateLimit.ReadShare), "How much worse a figure may be, as a share of the baseline's.", "5%")
    { Fallback = DefaultRegression };

    private readonly RepeatedOption<GateLimit> _metrics = new(
        ["--metric"], new("KEY[:SHARE]", null,
            GateLimit.Parse), "A figure that is looked at, and its own limit; without any, the figures that 'history' shows.");

    private readonly PathOption _junit = new(["--junit"], PathUse.WriteFile, "Also write a JUnit report, a test for each figure.");
    private readonly FlagOption _annotations = new(
        ["--annotations"], $"Also write annotations of GitHub's workflows to standard error; on where {GitHubVariable} is true.");

    private readonly ValueOption<string> _store = RecordingSettings.StoreOption();
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private GateCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        GateCommand self = new(printer);
        ExampleCommand command = new(
            "gate",
            "Fails (exit code 1) where a figure of a run is worse than a baseline's by more than is allowed, and certainly worse.",
            "inferometer gate --baseline main",
            "inferometer gate --baseline main --max-regression 3% --metric median_ttft_ms --metric p99_ttft_ms:10%",
            "inferometer gate latest --baseline latest~1 --junit gate.xml --annotations")
        {
            self._run, self._baseline, self._most, self._metrics, self._junit, self._annotations, self._store, self._format,
        };
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        using IRunStore store = RunStores.OpenExisting(RecordingSettings.Location(parsed, _store));
        RunRecord run = RunReference.Find(store, _run.Of(parsed) ?? "latest", "RUN");
        string baseline = _baseline.Of(parsed);
        RunRecord before = RunReference.Find(store, baseline, _baseline.Name);
        if (string.Equals(before.Id, run.Id, StringComparison.Ordinal) && !baseline.Contains('~', StringComparison.Ordinal))
        {
            before = RunReference.Find(store, baseline + "~1", _baseline.Name); // the run itself has the baseline's name or tag
        }

        if (string.Equals(before.Id, run.Id, StringComparison.Ordinal))
        {
            throw new UsageException($"{_baseline.Name}: it is the run {run.ShortId} itself.");
        }

        var gate = Gate.Of(RunComparison.Of(before, run), _most.Of(parsed), _metrics.Of(parsed));
        Write(parsed, gate);
        return gate.Passed ? ExitCode.Success : ExitCode.Failed;
    }

    private void Write(ParseResult parsed, Gate gate)
    {
        if (_junit.Of(parsed) is { } path)
        {
            using FileStream file = File.Create(path);
            GateText.WriteJUnit(gate, file);
        }

        if (_annotations.Of(parsed)
            || string.Equals(Environment.GetEnvironmentVariable(GitHubVariable), "true", StringComparison.OrdinalIgnoreCase))
        {
            foreach (string line in GateText.Annotations(gate))
            {
                _printer.Error.WriteLine(line);
            }
        }

        OutputFormat format = _format.Of(parsed);
        _printer.Print(format is OutputFormat.Csv ? new Document(RunDiffPage.Checks(gate)) : RunDiffPage.Of(gate), format);
    }
}
