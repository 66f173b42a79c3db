using Inferometer.Core;

namespace Inferometer.Measurement.Watch;

/// <summary>
/// What a serving program calls its metrics. Each list holds the names of one figure in the program's versions, newest first; an empty one
/// says that the program has none. The files are in <c>catalog/watch</c>, each with its source.
/// </summary>
public sealed record WatchedProgram
{
    /// <summary>Name of the program, such as <c>vLLM</c>.</summary>
    public required string Program { get; init; }

    /// <summary>Name of its framework, as <c>--framework</c> has it; TGI's is not one that can be simulated by name.</summary>
    public required string Framework { get; init; }

    /// <summary>Versions whose names these are.</summary>
    public required string Version { get; init; }

    /// <summary>Where they are from.</summary>
    public required string Source { get; init; }

    /// <summary>What the name of a metric begins with by which the program is known.</summary>
    public required string Mark { get; init; }

    /// <summary>Names by figure: <c>running</c>, <c>time_to_first_token</c>, as the files have them.</summary>
    public required IReadOnlyDictionary<string, EquatableList<WatchedName>> Names { get; init; }

    internal EquatableList<WatchedName> Of(string figure) =>
        Names.TryGetValue(figure, out EquatableList<WatchedName>? names) ? names : [];
}
