using Inferometer.Core;

namespace Inferometer.Sweeps.Tables;

/// <summary>Finds columns of results by what people write: their keys, the names of settings in a space, or a metric's short
/// word.</summary>
/// <param name="aliases">Further names of keys; the first that is a column counts.</param>
public sealed class ColumnNames(IReadOnlyList<(string Name, string Key)> aliases)
{
    /// <summary>The column.</summary>
    /// <param name="name">What was written.</param>
    /// <param name="keys">The columns.</param>
    /// <param name="origin">Where it was written, for the error.</param>
    /// <exception cref="InferometerException">There is none, or there are several.</exception>
    public string Find(string name, IReadOnlyList<string> keys, string origin)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(keys);
        string plain = Plain(name);
        string? found = keys.FirstOrDefault(k => Same(k, plain))
            ?? aliases.Where(a => Same(a.Name, plain)).Select(a => a.Key).FirstOrDefault(k => keys.Contains(k, StringComparer.Ordinal));
        if (found is not null)
        {
            return found;
        }

        // A metric without its unit or its statistic: tpot is tpot_ms, or of services one of several.
        string[] parts = [.. keys.Where(k => k.StartsWith(plain + "_", StringComparison.Ordinal) || Contains(k, plain))];
        string hint = parts.Length > 1 ? $" It could be {string.Join(", ", parts)}." : NameSuggestion.For(plain, keys);
        return parts.Length == 1
            ? parts[0]
            : throw new InferometerException(
                $"{origin}: '{name}' is not a column of the results.{hint} Columns: {NameSuggestion.List(plain, keys)}.");
    }

    private static bool Contains(string key, string word) => key.Split('_').Contains(word, StringComparer.Ordinal);

    private static bool Same(string one, string plain) => string.Equals(Plain(one), plain, StringComparison.Ordinal);

    private static string Plain(string name) => name.TrimStart('-').Replace('-', '_').ToLowerInvariant();
}
