using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Weights;
using Inferometer.Planning.Programs;

namespace Inferometer.Planning.Deployments;

/// <summary>
/// Reads the formats that a search is told to choose from. A format that no program could be told would be left out of the search without
/// a word, so it is refused here.
/// </summary>
public static class OfferedFormats
{
    /// <summary>A format of weights; <c>published</c> is the checkpoint's own.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">There is no such format, or no serving program takes it.</exception>
    public static string Weights(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        return IsPublished(text) ? Published : Offered(WeightFormats.Find(text, origin).Name, text, origin, p => p.Weights);
    }

    /// <summary>A format of the KV cache that is not compressed; <c>published</c> is the checkpoint's own.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">There is no such format, or no serving program takes it.</exception>
    public static string KvCache(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        return IsPublished(text) ? Published : Offered(Precision.Parse(text, origin).Name, text, origin, p => p.KvCache);
    }

    private const string Published = DeploymentShape.Published;

    private static bool IsPublished(string text) => text.Equals(Published, StringComparison.OrdinalIgnoreCase);

    private static string Offered(string name, string text, string origin, Func<ServingProgram, EquatableList<FormatOption>> of)
    {
        string[] known = [.. ServingPrograms.All.SelectMany(p => of(p)).Select(f => f.Name).Distinct(StringComparer.Ordinal)];
        return known.Contains(name, StringComparer.OrdinalIgnoreCase) ? name
            : known.Contains(text, StringComparer.OrdinalIgnoreCase) ? text.ToLowerInvariant()
            : throw new InferometerException(
                $"{origin}: '{text}' is not allowed; it must be one that a serving framework takes: {string.Join(", ", known[..^1])} or "
                    + $"{known[^1]}.");
    }
}
