using System.CommandLine;
using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Cli.Settings;

/// <summary>One property of an estimate that an option sets; with several values, separated by commas, one direction of a comparison.</summary>
internal sealed class Axis
{
    private readonly Func<EstimateSettings, string, EstimateSettings> _apply;

    private Axis(Option<string> option, Func<EstimateSettings, string, EstimateSettings> apply)
    {
        Option = option;
        _apply = apply;
    }

    /// <summary>The option.</summary>
    public Option<string> Option { get; }

    /// <summary>A whole number of at least <paramref name="least"/>.</summary>
    public static Axis Whole(string name, string description, int least, Func<EstimateSettings, int, EstimateSettings> apply) =>
        new(OptionOf(name, "N", description), (settings, text) =>
            int.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out int value) && value >= least
                ? apply(settings, value)
                : throw new InferometerException($"{name}: '{text}' is not allowed; it must be a whole number of at least {least}."));

    /// <summary>A text.</summary>
    public static Axis Text(string name, string help, string description, Func<EstimateSettings, string, EstimateSettings> apply) =>
        new(OptionOf(name, help, description), apply);

    /// <summary>The changes that the option's values make; one that changes nothing where the option is not given.</summary>
    /// <exception cref="InferometerException">An empty value.</exception>
    public IReadOnlyList<Func<EstimateSettings, EstimateSettings>> Values(ParseResult parsed)
    {
        string? given = parsed.GetValue(Option);
        return given is null ? [settings => settings] : [.. Split(given).Select(text => Change(text))];
    }

    private IEnumerable<string> Split(string given)
    {
        // A system of the user's own has commas of its own.
        string[] parts = given.Contains('=', StringComparison.Ordinal) ? [given] : given.Split(',', StringSplitOptions.TrimEntries);
        return parts.Any(p => p.Length == 0)
            ? throw new InferometerException($"{Option.Name}: '{given}' holds an empty value.")
            : parts;
    }

    private Func<EstimateSettings, EstimateSettings> Change(string text) => settings => _apply(settings, text);

    private static Option<string> OptionOf(string name, string help, string description) => new(name) { HelpName = help, Description = description };
}
