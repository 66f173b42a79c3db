namespace Inferometer.Core;

/// <summary>Finds the name a user probably meant.</summary>
public static class NameSuggestion
{
    // A letter too many in front of or behind the wanted text weighs little, so that 'lama-3' finds 'Llama-3-8B' and 'h100' finds
    // 'H100_SXM'.
    private const double LeadingLetter = 0.2;
    private const double TrailingLetter = 0.1;

    // Words in another order, with others in between or not: 'rtx-6000-pro' finds 'RTX_PRO_6000'.
    private const double OtherOrder = 1;

    // What is longer is no misspelt name, and comparing it with all there are would take seconds.
    private const int LongestName = 200;

    /// <summary>
    /// A sentence to append to an error, <c> Did you mean 'x' or 'y'?</c> with a leading space, or the empty text when no
    /// candidate is near.
    /// </summary>
    /// <param name="name">What was written.</param>
    /// <param name="candidates">What is allowed.</param>
    public static string For(string name, IEnumerable<string> candidates) =>
        Sentence(Near(name, candidates).Distinct(StringComparer.Ordinal).Take(3));

    /// <summary>What is allowed as a list, the nearest names first, and of many only those with how many more there are.</summary>
    /// <param name="name">What was written.</param>
    /// <param name="known">What is allowed.</param>
    /// <param name="most">Most names to list.</param>
    public static string List(string name, IReadOnlyCollection<string> known, int most = 12)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(known);
        if (known.Count <= most || name.Length > LongestName)
        {
            return string.Join(", ", known.Take(most)) + More(known.Count - most);
        }

        string wanted = Fold(name);
        return string.Join(", ", known.OrderBy(k => Distance(wanted, Fold(k))).Take(most)) + More(known.Count - most);

        static string More(int count) => count > 0 ? $" and {count} more" : "";
    }

    /// <summary>
    /// The candidates that differ from <paramref name="name"/> by at most a third of its letters, or hold its words in another order,
    /// nearest first; case and signs do not count.
    /// </summary>
    internal static IEnumerable<string> Near(string name, IEnumerable<string> candidates)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(candidates);
        string wanted = Fold(name);
        if (wanted.Length > LongestName)
        {
            return [];
        }

        string[] words = [.. Words(name).OrderByDescending(w => w.Length)];
        return candidates.Select(c => (Name: c, Distance: Distance(wanted, words, Fold(c))))
            .Where(c => c.Distance <= Math.Max(1.5, wanted.Length / 3.0))
            .OrderBy(c => c.Distance).ThenBy(c => c.Name.Length).ThenBy(c => c.Name, StringComparer.Ordinal)
            .Select(c => c.Name);
    }

    /// <summary>The sentence that offers some names, or the empty text when there are none.</summary>
    internal static string Sentence(IEnumerable<string> names)
    {
        string text = string.Join(" or ", names.Select(n => $"'{n}'"));
        return text.Length == 0 ? "" : $" Did you mean {text}?";
    }

    private static double Distance(string wanted, string[] words, string candidate) =>
        Math.Min(Distance(wanted, candidate), words.Length > 1 ? DistanceOfWords(words, candidate) : double.MaxValue);

    // Every word is there, each in its own place; what else there is weighs as letters behind a name do.
    private static double DistanceOfWords(string[] words, string candidate)
    {
        foreach (string word in words)
        {
            int at = candidate.IndexOf(word, StringComparison.Ordinal);
            if (at < 0)
            {
                return double.MaxValue;
            }

            candidate = $"{candidate[..at]} {candidate[(at + word.Length)..]}";
        }

        return OtherOrder + (TrailingLetter * candidate.Count(c => c != ' '));
    }

    private static IEnumerable<string> Words(string text) =>
        new string([.. text.Select(c => char.IsLetterOrDigit(c) ? char.ToLowerInvariant(c) : ' ')])
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string Fold(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    // Edits (insert, delete, replace, swap of neighbours) between the wanted text and the best stretch of the candidate.
    private static double Distance(string wanted, string candidate)
    {
        if (wanted.Length == 0 || candidate.Length == 0)
        {
            return double.MaxValue;
        }

        double[] beforeLast = new double[candidate.Length + 1];
        double[] last = [.. Enumerable.Range(0, candidate.Length + 1).Select(j => j * LeadingLetter)];
        double[] current = new double[candidate.Length + 1];
        for (int i = 1; i <= wanted.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= candidate.Length; j++)
            {
                double replaced = last[j - 1] + (wanted[i - 1] == candidate[j - 1] ? 0 : 1);
                current[j] = Math.Min(Math.Min(current[j - 1], last[j]) + 1, replaced);
                if (i > 1 && j > 1 && wanted[i - 1] == candidate[j - 2] && wanted[i - 2] == candidate[j - 1])
                {
                    current[j] = Math.Min(current[j], beforeLast[j - 2] + 1);
                }
            }

            (beforeLast, last, current) = (last, current, beforeLast);
        }

        return last.Select((distance, j) => distance + ((candidate.Length - j) * TrailingLetter)).Min();
    }
}
