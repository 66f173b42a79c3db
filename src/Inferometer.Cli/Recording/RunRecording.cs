using System.CommandLine;
using System.Reflection;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.History.Records;
using Inferometer.History.Stores;

namespace Inferometer.Cli.Recording;

/// <summary>Keeps the run of a command in the history. A history that cannot be written is no reason to fail: it is said, and that is all.</summary>
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

        RunRecord kept = Record(run(), null);
        try
        {
            using IRunStore store = RunStores.Open(_settings.Location(_parsed));
            store.Add(kept);
            if (prediction is not null)
            {
                store.Add(Record(prediction(), kept.Id));
            }

            _printer.Error.WriteLine($"recorded as {kept.ShortId}");
        }
        catch (InferometerException fault)
        {
            _printer.Error.WriteLine($"warning: the run is not recorded. {fault.Message}");
        }
    }

    private RunRecord Record(RunDraft draft, string? predictionOf)
    {
        GivenSettings given = new(_parsed, _settings);
        (string? name, string[] tags) = predictionOf is null ? _settings.Labels(_parsed) : (null, []);
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
            PredictionOf = predictionOf,
            Metrics = draft.Figures.Metrics,
            Series = draft.Figures.Series,
            Name = name,
            Tags = tags,
        }.Sealed();
    }
}
