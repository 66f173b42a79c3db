namespace Inferometer.Cli.Recording;

/// <summary>What a command knows of a part of a run, which is kept as a run of its own.</summary>
/// <param name="Run">What was found.</param>
/// <param name="Key">What tells it from the other parts, as its configuration calls it.</param>
/// <param name="Value">Its value.</param>
/// <param name="CommandLine">The words that make this part alone, of those that made the whole.</param>
internal sealed record RunPartDraft(
    RunDraft Run, string Key, double Value, Func<IReadOnlyList<string>, IReadOnlyList<string>> CommandLine);
