using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.History.Records;
using Inferometer.History.Stores;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer history tag</c>: a name and tags for a run that is kept.</summary>
internal sealed class HistoryTagCommand
{
    private static readonly Domain<string> Label = new("NAME", null, RunReference.CheckLabel);

    private readonly TextArgument _run = new("RUN", $"The run: {RunReference.Allowed}. [default: latest]");
    private readonly ValueOption<string> _name = new(["--name"], Label, "The name.");
    private readonly RepeatedOption<string> _tags = new(["--tag"], Label, "A tag that is stuck on the run.");
    private readonly ValueOption<string> _store = RecordingSettings.StoreOption();
    private readonly Printer _printer;

    private HistoryTagCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        HistoryTagCommand self = new(printer);
        ExampleCommand command = new(
            "tag",
            "Names a run of the history and sticks tags on it, such as that of the baseline of 'gate'.",
            "inferometer history tag --tag main",
            "inferometer history tag 3fa9c1d2 --name before --tag release-1.2")
        {
            self._run, self._name, self._tags, self._store,
        };
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string? name = parsed.IsGiven(_name) ? _name.Of(parsed) : null;
        string[] tags = _tags.Of(parsed);
        if (name is null && tags.Length == 0)
        {
            throw new UsageException("Say which --name, or which --tag.");
        }

        using IRunStore store = RunStores.OpenExisting(RecordingSettings.Location(parsed, _store));
        RunRecord run = RunReference.Find(store, _run.Of(parsed) ?? "latest", "RUN");
        store.Label(run.Id, name, tags);
        _printer.Error.WriteLine($"{run.ShortId}: {string.Join(", ", tags.Prepend(name).OfType<string>())}");
        return ExitCode.Success;
    }
}
