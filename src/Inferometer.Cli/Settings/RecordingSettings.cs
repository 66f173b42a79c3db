using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Core;
using Inferometer.History.Stores;

namespace Inferometer.Cli.Settings;

/// <summary>The options that say whether, where and under which name a run is kept.</summary>
internal sealed class RecordingSettings
{
    private static readonly Domain<string> Label = new("NAME", null, RunReference.CheckLabel);

    private readonly FlagOption _switch;
    private readonly bool _whereAsked;
    private readonly ValueOption<string> _store;
    private readonly ValueOption<string> _name = new(["--name"], Label, "Name of the run in the history.");
    private readonly RepeatedOption<string> _tags = new(["--tag"], Label, "A tag that is stuck on the run.");

    /// <summary>Declares them.</summary>
    /// <param name="whereAsked">Whether runs are kept only with <c>--record</c>, instead of always but with <c>--no-record</c>.</param>
    public RecordingSettings(bool whereAsked = false)
    {
        _whereAsked = whereAsked;
        _switch = whereAsked
            ? new FlagOption(["--record"], "Keep the result in the history ('inferometer history').")
            : new FlagOption(["--no-record"], "Do not keep the run in the history ('inferometer history').");
        _store = StoreOption();
    }

    /// <summary>Whether a run is kept only because the command line asks for it.</summary>
    public bool IsAsked => _whereAsked;

    /// <summary>Name of the option that says whether a run is kept.</summary>
    public string Switch => _switch.Name;

    /// <summary>Where runs are kept, the same on every command that keeps or reads them.</summary>
    public static ValueOption<string> StoreOption() => new(
        ["--store"], new("STORE", null, (text, origin) =>
        {
            _ = StoreLocation.Parse(text, origin);
            return text;
        }),
        "Where runs are kept: a file, or postgres://user@host/database.",
        $"{StoreLocation.Variable}, or history.db in the user's folder for data");

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_switch);
        command.Add(_store);
        command.Add(_name);
        command.Add(_tags);
    }

    /// <summary>Whether an option is one of these: they say nothing of what is run.</summary>
    public bool Has(Option option) => option == _switch || option == _store || option == _name || option == _tags;

    /// <summary>The name and the tags.</summary>
    public (string? Name, string[] Tags) Labels(ParseResult parsed) => (parsed.IsGiven(_name) ? _name.Of(parsed) : null, _tags.Of(parsed));

    /// <summary>Whether the run is to be kept.</summary>
    /// <exception cref="UsageException">The options contradict each other, or the store that is named cannot be one.</exception>
    public bool IsOn(ParseResult parsed)
    {
        bool on = _switch.Of(parsed) == _whereAsked;
        if (!on && new Option[] { _store, _name, _tags }.FirstOrDefault(parsed.IsGiven) is { } idle)
        {
            throw new UsageException(
                _whereAsked ? $"{idle.Name} needs {_switch.Name}."
                    : $"{idle.Name} and {_switch.Name} contradict each other; give one of them.");
        }

        return on && !IsNowhere(parsed, _store);
    }

    /// <summary>Where runs are kept.</summary>
    /// <exception cref="InferometerException">There is no place.</exception>
    public StoreLocation Location(ParseResult parsed) => Location(parsed, _store);

    /// <summary>Where runs are kept.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="store">The option that may say it.</param>
    /// <exception cref="UsageException">What is said names no store.</exception>
    /// <exception cref="InferometerException">There is no place.</exception>
    public static StoreLocation Location(ParseResult parsed, ValueOption<string> store) => IsNowhere(parsed, store)
        ? throw new UsageException(
            $"{(parsed.IsGiven(store) ? store.Name : StoreLocation.Variable)}: it is '{StoreLocation.Nowhere}'; say where runs are kept.")
        : Said(parsed, store) is { } said ? StoreLocation.Parse(said.Text, said.Origin)! : StoreLocation.Default();

    private static bool IsNowhere(ParseResult parsed, ValueOption<string> store)
    {
        try
        {
            return Said(parsed, store) is { } said && StoreLocation.Parse(said.Text, said.Origin) is null;
        }
        catch (InferometerException wrong)
        {
            throw new UsageException(wrong.Message, wrong);
        }
    }

    private static (string Text, string Origin)? Said(ParseResult parsed, ValueOption<string> store) => parsed.IsGiven(store)
        ? (store.Of(parsed), store.Name)
        : Environment.GetEnvironmentVariable(StoreLocation.Variable) is { Length: > 0 } text ? (text, StoreLocation.Variable) : null;
}
