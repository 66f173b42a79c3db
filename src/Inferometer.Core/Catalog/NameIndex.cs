namespace Inferometer.Core.Catalog;

/// <summary>
/// Finds entries by name as people write it: case, hyphens and underscores do not count (dots do: opt-1.3b is not opt-13b), and the
/// organisation before the slash may be left out.
/// </summary>
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

    /// <summary>
    /// The sentence that offers up to three spellings near <paramref name="name"/>, each of another entry, or names the command that lists
    /// them.
    /// </summary>
    /// <param name="name">What was written.</param>
    /// <param name="list">What the list holds, and the command that prints it, such as <c>models</c>.</param>
    public string Suggest(string name, string list)
    {
        string last = name[(name.LastIndexOf('/') + 1)..];
        int colon = last.IndexOf(':', StringComparison.Ordinal); // a tag of Ollama's stands behind it: deepseek-r1:671b
        IEnumerable<string> tagged = colon > 0 && Normalize(last[..colon]) is var key && _byKey.ContainsKey(key) ? [key] : [];
        IEnumerable<string> near = tagged.Concat(NameSuggestion.Near(last, _byKey.Keys))
            .DistinctBy(k => _byKey[k], ReferenceEqualityComparer.Instance).Take(3).Select(k => _spelling[k]);
        string sentence = NameSuggestion.Sentence(near);
        return sentence.Length > 0 ? sentence : $" 'inferometer {list}' lists the known ones.";
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
}
