namespace Inferometer.Core.Catalog;

/// <summary>Finds entries by name as people write it: case, hyphens and underscores do not count (dots do: opt-1.3b is not opt-13b), and the organisation before the slash may be left out.</summary>
/// <typeparam name="T">Entry.</typeparam>
internal sealed class NameIndex<T>
    where T : class
{
    private readonly Dictionary<string, T> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _spelling = new(StringComparer.Ordinal);

    /// <summary>Adds an entry; a later one takes the names of an earlier one.</summary>
    /// <returns>The keys that had led to another entry before.</returns>
    public IReadOnlyList<string> Add(T entry, string name, IEnumerable<string> aliases)
    {
        var taken = new List<string>();
        foreach (string spelling in aliases.Append(name))
        {
            foreach (string key in Keys(spelling))
            {
                if (_byKey.TryGetValue(key, out T? earlier) && !ReferenceEquals(earlier, entry))
                {
                    taken.Add(key);
                }

                _byKey[key] = entry;
                _spelling[key] = spelling;
            }
        }

        return taken;
    }

    public T? Find(string name) => _byKey.GetValueOrDefault(Normalize(name));

    /// <summary>Up to three spellings near <paramref name="name"/>, best first, each of another entry.</summary>
    public IReadOnlyList<string> Suggest(string name)
    {
        string wanted = Normalize(name[(name.LastIndexOf('/') + 1)..]);
        var found = new List<string>();
        var entries = new HashSet<T>(ReferenceEqualityComparer.Instance);
        foreach (KeyValuePair<string, T> pair in _byKey.OrderBy(p => Distance(wanted, p.Key)).ThenBy(p => p.Key, StringComparer.Ordinal))
        {
            if (found.Count == 3 || Distance(wanted, pair.Key) > Math.Max(2, wanted.Length / 2))
            {
                break;
            }

            if (entries.Add(pair.Value))
            {
                found.Add(_spelling[pair.Key]);
            }
        }

        return found;
    }

    private static IEnumerable<string> Keys(string spelling)
    {
        yield return Normalize(spelling);
        int slash = spelling.LastIndexOf('/');
        if (slash >= 0)
        {
            yield return Normalize(spelling[(slash + 1)..]);
        }
    }

    private static string Normalize(string name) =>
        string.Create(name.Count(Counts), name, static (span, text) =>
        {
            int i = 0;
            foreach (char c in text)
            {
                if (Counts(c))
                {
                    span[i++] = char.ToLowerInvariant(c);
                }
            }
        });

    private static bool Counts(char c) => c is not ('-' or '_' or ' ');

    // Edits turn one into the other; letters in front of or behind the wanted text weigh less, so that "h100" is near "h100sxm".
    private static int Distance(string wanted, string key)
    {
        if (wanted.Length > 1 && key.Contains(wanted, StringComparison.Ordinal))
        {
            return Math.Min(1, key.Length - wanted.Length);
        }

        var row = new int[key.Length + 1];
        for (int j = 0; j <= key.Length; j++)
        {
            row[j] = j;
        }

        for (int i = 1; i <= wanted.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= key.Length; j++)
            {
                int replaced = diagonal + (wanted[i - 1] == key[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[key.Length];
    }
}
