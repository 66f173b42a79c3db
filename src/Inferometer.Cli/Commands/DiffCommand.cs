using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.History.Comparison;
using Inferometer.History.Records;
using Inferometer.History.Stores;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer diff</c>: two runs of the history.</summary>
internal sealed class DiffCommand
{
    private readonly TextArgument _a = new("A", $"The run that the other is compared with: {RunReference.Allowed}. [default: latest~1]");
    private readonly TextArgument _b = new("B", "The other run. [default: latest]");
    private readonly ValueOption<string> _store = RecordingSettings.StoreOption();
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private DiffCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        DiffCommand self = new(printer);
        ExampleCommand command = new(
            "diff",
            "Compares two runs of the history figure by figure: how much they differ, between what that lies, and whether it may be "
                + "chance.",
            "inferometer diff",
            "inferometer diff before after",
            "inferometer diff 3fa9c1d2 latest -f json")
        {
            self._a, self._b, self._store, self._format,
        };
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        using IRunStore store = RunStores.OpenExisting(RecordingSettings.Location(parsed, _store));
        RunRecord a = RunReference.Find(store, _a.Of(parsed) ?? "latest~1", "A");
        RunRecord b = RunReference.Find(store, _b.Of(parsed) ?? "latest", "B");
        if (string.Equals(a.Id, b.Id, StringComparison.Ordinal))
        {
            throw new InferometerException($"A and B are both the run {a.ShortId}; name two. 'inferometer history' lists runs.");
        }

        var comparison = RunComparison.Of(a, b);
        if (comparison.Differences.Count == 0)
        {
            throw new InferometerException(
                $"{a.ShortId} ({FiguresOf(a)}) and {b.ShortId} ({FiguresOf(b)}) have no figure in common, so that nothing can be "
                    + "compared.");
        }

        OutputFormat format = _format.Of(parsed);
        _printer.Print(format is OutputFormat.Csv ? new Document(RunDiffPage.Differences(comparison)) : RunDiffPage.Of(comparison), format);
        return ExitCode.Success;
    }

    private static string FiguresOf(RunRecord run)
    {
        const int Most = 4;
        string few = string.Join(", ", run.Metrics.Take(Most).Select(m => m.Key));
        return run.Metrics.Count > Most ? FormattableString.Invariant($"{few} and {run.Metrics.Count - Most} more") : few;
    }
}
