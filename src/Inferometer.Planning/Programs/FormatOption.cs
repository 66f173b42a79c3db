using Inferometer.Core;

namespace Inferometer.Planning.Programs;

/// <summary>A format of weights or cache that a serving program takes.</summary>
/// <param name="Name">Its name, or <c>published</c> for the checkpoint's own.</param>
public sealed record FormatOption(string Name)
{
    /// <summary>Tried where nothing is said of formats; others are, where they are asked for.</summary>
    public bool IsSearched { get; init; }

    /// <summary>The program does not convert: it needs a checkpoint in this format.</summary>
    public bool NeedsCheckpoint { get; init; }

    /// <summary>The program converts weights after it has loaded them as they are published: so long they take what these do.</summary>
    public bool ConvertsWhileLoading => !NeedsCheckpoint && Flags.Count > 0;

    /// <summary>What the command line says for it.</summary>
    public EquatableList<string> Flags { get; init; } = [];

    /// <summary>Lines of the program's configuration file for it.</summary>
    public EquatableList<string> Config { get; init; } = [];
}
