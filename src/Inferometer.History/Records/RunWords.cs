using Inferometer.Core;

namespace Inferometer.History.Records;

/// <summary>Kinds and arms as people write them: <c>compress-eval</c>, <c>measured</c>.</summary>
public static class RunWords
{
    /// <summary>Every kind with its word.</summary>
    public static IReadOnlyList<(string Word, RunKind Kind)> Kinds { get; } =
    [
        ("estimate", RunKind.Estimate), ("simulate", RunKind.Simulate), ("load", RunKind.Load), ("load-sweep", RunKind.LoadSweep),
        ("watch", RunKind.Watch), ("bench", RunKind.Bench),
        ("perplexity", RunKind.Perplexity), ("compress-eval", RunKind.CompressEval), ("import", RunKind.Import),
    ];

    /// <summary>The word of a kind.</summary>
    public static string Of(RunKind kind) => Kinds.First(k => k.Kind == kind).Word;

    /// <summary>The word of an arm.</summary>
    public static string Of(RunArm arm) => arm is RunArm.Measured ? "measured" : "predicted";

    /// <summary>The kind of a word.</summary>
    /// <param name="word">The word.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">There is none.</exception>
    public static RunKind Kind(string word, string origin)
    {
        foreach ((string known, RunKind kind) in Kinds)
        {
            if (string.Equals(known, word, StringComparison.OrdinalIgnoreCase))
            {
                return kind;
            }
        }

        throw new InferometerException(
            $"{origin}: '{word}' is not allowed; it must be one of {string.Join(", ", Kinds.Select(k => k.Word))}.");
    }
}
