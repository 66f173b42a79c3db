using Inferometer.Core;

namespace Inferometer.Simulation.Features.BuiltIn;

/// <summary>What proposes tokens beside a draft model, by the names that frameworks give it.</summary>
internal static class Drafts
{
    /// <summary>Prompt lookup, which costs nothing.</summary>
    public const string NGram = "ngram";

    /// <summary>The model's own heads for multi-token prediction.</summary>
    public const string OwnHeads = "mtp";

    private static readonly string[] s_unknown = ["eagle", "eagle2", "eagle3", "medusa", "mlp_speculator", "suffix"];

    /// <summary>Refuses by name what frameworks draft with and no cost model knows.</summary>
    /// <param name="draft">What was named.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">It is one of these.</exception>
    public static string Require(string draft, string origin) => s_unknown.Contains(draft, StringComparer.OrdinalIgnoreCase)
        ? throw new InferometerException(
            $"{origin}: '{draft}' is not modelled; allowed are {OwnHeads} (the model's own prediction heads), {NGram}, or a model's name.")
        : draft;
}
