using System.CommandLine;

namespace Inferometer.Cli.Settings;

/// <summary>An option or argument that names a file, a folder, or something of the catalog.</summary>
internal interface IPathInput
{
    /// <summary>Its name in messages: <c>--config</c>, <c>MODEL</c>.</summary>
    string Label { get; }

    /// <summary>What it names.</summary>
    PathUse Use { get; }

    /// <summary>What was given; null where nothing was.</summary>
    string? Of(ParseResult parsed);
}
