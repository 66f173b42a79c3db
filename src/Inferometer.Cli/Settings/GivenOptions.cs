using System.CommandLine;

namespace Inferometer.Cli.Settings;

/// <summary>Asks a command line what was given on it.</summary>
internal static class GivenOptions
{
    /// <summary>Whether an option was given, rather than left to its default.</summary>
    public static bool IsGiven(this ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>The value given, or null.</summary>
    public static T? Given<T>(this ParseResult parsed, ValueOption<T> option)
        where T : struct => parsed.IsGiven(option) ? parsed.GetValue(option) : null;
}
