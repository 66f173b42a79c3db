using System.CommandLine;
using System.Reflection;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.History.Records;
using Inferometer.History.Stores;

namespace Inferometer.Cli.Recording;

/// <summary>Keeps the run of a command in the history. A history that cannot be written is no reason to fail, and only said, where
/// the command keeps its runs by itself; where keeping was asked for it is an error.</summary>
internal sealed class RunRecording
{
    private readonly ParseResult _parsed;
    private readonly RecordingSettings _settings;
    private readonly Printer _printer;
    private readonly DateTimeOffset _at = DateTimeOffset.UtcNow;

    private RunRecording(ParseResult parsed, RecordingSettings settings, Printer printer) =>
        (_parsed, _settings, _printer, IsOn) = (parsed, settings, printer, settings.IsOn(parsed));

    /// <summary>Whether anything is kept.</summary>
    public bool IsOn { get; }

    /// <summary>When the run began.</summary>
    public DateTimeOffset At => _at;

    /// <summary>Version and commit of this program.</summary>
    public static string Product =>
        typeof(RunRecording).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Notes the time, and checks what is said of the history before any work begins.</summary>
    /// <exception cref="Hosting.UsageException">It is wrong.</exception>
    public static RunRecording Begin(ParseResult parsed, RecordingSettings settings, Printer printer) => new(parsed, settings, printer);

    /// <summary>Keeps a run.</summary>
    /// <param name="run">Makes it; called only where it is kept.</param>
    /// <param name="prediction">Makes what was predicted for it; null = nothing was.</param>
    public void Keep(Func<RunDraft> run, Func<RunDraft>? prediction = null)
    {
        if (!IsOn)
        {
            return;
        }

        RunRecord kept = Record(run());
        Add([kept, .. prediction is null ? [] : (RunRecord[])[(Record(prediction()) with { PredictionOf = kept.Id }).Sealed()]]);
    }

    /// <summary>Keeps a run with its parts.</summary>
    /// <param name="whole">Makes it; called only where it is kept.</param>
    /// <param name="parts">Makes the parts.</param>
    public void Keep(Func<RunDraft> whole, Func<IEnumerable<RunPartDraft>> parts)
    {
        if (!IsOn)
        {
            return;
        }

        RunRecord kept = Record(whole());
        Add([kept, .. parts().Select(part =>
        {
            RunRecord run = Record(part.Run);
            System.Text.Json.Nodes.JsonObject settings = run.Config.ToJsonObject();
            settings[part.Key] = part.Value;
            return (run with
            {
                PartOf = kept.Id,
                Config = RunConfig.Of(settings),
                CommandLine = part.CommandLine(run.CommandLine),
            }).Sealed();
        })]);
    }

    /// <summary>Keeps runs that other processes have made; the name is that of the last, the tags of all.</summary>
    public void Keep(IReadOnlyList<RunRecord> runs)
    {
        if (!IsOn)
        {
            return;
        }

        (string? name, string[] tags) = _settings.Labels(_parsed);
        try
        {
            using IRunStore store = RunStores.Open(_settings.Location(_parsed));
            foreach (RunRecord run in runs)
            {
                RunRecord kept = (run with { Name = ReferenceEquals(run, runs[^1]) ? name : null, Tags = tags }).Sealed();
                store.Add(kept);
                _printer.Error.WriteLine($"recorded as {kept.ShortId}");
            }
        }
        catch (InferometerException fault)
        {
            Fail("the runs are", fault);
        }
    }

    // The first is what was asked for; the others, which belong to it, have neither name nor tags.
    private void Add(IReadOnlyList<RunRecord> runs)
    {
        (string? name, string[] tags) = _settings.Labels(_parsed);
        try
        {
            using IRunStore store = RunStores.Open(_settings.Location(_parsed));
            store.Add([runs[0] with { Name = name, Tags = tags }, .. runs.Skip(1)]);
            _printer.Error.WriteLine($"recorded as {runs[0].ShortId}");
        }
        catch (InferometerException fault)
        {
            Fail("the run is", fault);
        }
    }

    // What was asked for and cannot be done is an error; what is done by default must not spoil the result.
    private void Fail(string what, InferometerException fault)
    {
        if (_settings.IsAsked)
        {
            throw new InferometerException($"{_settings.Switch}: {what} not recorded. {fault.Message}", fault);
        }

        _printer.Error.WriteLine($"warning: {what} not recorded. {fault.Message}");
    }

    private RunRecord Record(RunDraft draft)
    {
        GivenSettings given = new(_parsed, _settings);
        return new RunRecord
        {
            Kind = draft.Kind,
            Arm = draft.Arm,
            At = _at,
            Model = draft.Model,
            On = draft.On,
            Config = given.Config(),
            Machine = RunMachine.Current(),
            Product = Product,
            TreeCommit = GitTree.CommitAt(Environment.CurrentDirectory),
            CommandLine = given.Words(),
            Metrics = draft.Figures.Metrics,
            Series = draft.Figures.Series,
        }.Sealed();
    }
}
