using System.Globalization;
using Inferometer.Core;
using Inferometer.History.Records;

namespace Inferometer.History.Stores;

/// <summary>
/// Finds a run by what people write: a name or a tag (the latest run that has it), <c>latest</c>, <c>latest~1</c> (the one before), or the
/// first four or more digits of an id. The same with <c>~1</c> behind a name or a tag.
/// </summary>
public static class RunReference
{
    /// <summary>What can be written, for help and errors.</summary>
    public const string Allowed = "latest, latest~1, a name, a tag, or the first digits of an id, at least four";

    private const string Latest = "latest";
    private const int LeastDigits = 4;

    /// <summary>The run, with its series.</summary>
    /// <param name="store">Where runs are kept.</param>
    /// <param name="text">What was written.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <param name="among">Which runs <c>latest</c>, names and tags are looked for among; null = all.</param>
    /// <exception cref="InferometerException">There is none, or several begin like that.</exception>
    public static RunRecord Find(IRunStore store, string text, string origin, RunFilter? among = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('~', 2);
        int back = 0;
        if (parts[0].Length == 0
            || parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out back))
        {
            throw new InferometerException($"{origin}: '{text}' is not allowed; it must be {Allowed}.");
        }

        RunFilter one = (among ?? new RunFilter()) with { Limit = 1, Skip = back };
        RunRecord? found = string.Equals(parts[0], Latest, StringComparison.OrdinalIgnoreCase)
            ? store.List(one).FirstOrDefault()
            : store.List(one with { Name = parts[0] }).FirstOrDefault()
                ?? store.List(one with { Tag = parts[0] }).FirstOrDefault()
                ?? (back == 0 ? ByDigits(store, parts[0], origin) : null);
        return found is null
            ? throw new InferometerException(IsEmpty(store)
                ? $"{origin}: there is no run in {store.Location.Shown} yet. {RunStores.Makers}"
                : $"{origin}: there is no run '{text}' in {store.Location.Shown}; it must be {Allowed}. 'inferometer history' lists runs.")
            : store.Get(found.Id);
    }

    /// <summary>Checks a name or a tag before it is stuck on a run.</summary>
    /// <param name="text">The name or tag.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">It could not be written as a reference.</exception>
    public static string CheckLabel(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool allowed = text.Length is > 0 and <= 100 && !string.Equals(text, Latest, StringComparison.OrdinalIgnoreCase)
            && char.IsAsciiLetterOrDigit(text[0])
                && text.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or '+' or ':' or '=');
        return allowed
            ? text
            : throw new InferometerException(
                $"{origin}: '{text}' is not allowed; it must be 1 to 100 letters, digits and -_./+:=, begin with a letter or digit, and "
                    + $"not be 'latest'.");
    }

    private static bool IsEmpty(IRunStore store) =>
        store.List(new RunFilter { WithPredictions = true, WithParts = true, Limit = 1 }).Count == 0;

    private static RunRecord? ByDigits(IRunStore store, string text, string origin)
    {
        if (text.Length < LeastDigits || !text.All(char.IsAsciiHexDigit))
        {
            return null;
        }

        IReadOnlyList<RunRecord> runs = store.List(new RunFilter { IdPrefix = text, WithPredictions = true, WithParts = true, Limit = 2 });
        return runs.Count < 2
            ? runs.FirstOrDefault()
            : throw new InferometerException(
                $"{origin}: several runs begin with '{text}', among them {runs[0].ShortId} and {runs[1].ShortId}; give more digits.");
    }
}
