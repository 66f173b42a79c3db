using System.CommandLine;
using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;
using Inferometer.Core;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Settings;

/// <summary>The option of a setting; with several values, separated by commas, one direction of a comparison.</summary>
internal sealed class SettingOption(EstimateSetting setting)
{
    /// <summary>What it says.</summary>
    public EstimateSetting Setting => setting;

    /// <summary>The option.</summary>
    public Option<string> Option { get; } = new(setting.Option)
    {
        HelpName = setting.ValueName,
        Description = setting.Default is { } value ? $"{setting.Description} [default: {value}]" : setting.Description,
    };

    /// <summary>The values given; one null, for the default, where there is none.</summary>
    /// <exception cref="UsageException">A value is empty or not allowed.</exception>
    public IReadOnlyList<JsonNode?> Values(ParseResult parsed) =>
        parsed.GetValue(Option) is { } given ? [.. Split(setting.Option, given).Select(Read)] : [null];

    /// <summary>The parts of a list.</summary>
    /// <exception cref="UsageException">A part is empty.</exception>
    public static string[] Split(string option, string given)
    {
        // A system of the user's own has commas of its own.
        string[] parts = given.Contains('=', StringComparison.Ordinal) ? [given] : given.Split(',', StringSplitOptions.TrimEntries);
        return parts.Any(p => p.Length == 0) ? throw new UsageException($"{option}: '{given}' holds an empty value.") : parts;
    }

    private JsonNode? Read(string text)
    {
        try
        {
            return setting.Read(text);
        }
        catch (InferometerException wrong)
        {
            throw new UsageException(wrong.Message);
        }
    }
}
