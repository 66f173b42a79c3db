namespace Inferometer.Core;

/// <summary>Finds the name a user probably meant.</summary>
public static class NameSuggestion
{
    /// <summary>
    /// A sentence to append to an error, <c> Did you mean 'x' or 'y'?</c> with a leading space, or the empty text when no
    /// candidate is near. Near means: contains the text or is contained in it, or differs by few edits for its length.
    /// </summary>
    /// <param name="name">What was written.</param>
    /// <param name="candidates">What is allowed.</param>
    public static string For(string name, IEnumerable<string> candidates)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(candidates);
        string wanted = Fold(name);
        string[] near =
        [
            .. candidates.Select(c => (Name: c, Distance: Distance(wanted, Fold(c))))
                .Where(c => c.Distance <= Math.Max(1, wanted.Length / 3))
                .OrderBy(c => c.Distance).ThenBy(c => c.Name.Length).ThenBy(c => c.Name, StringComparer.Ordinal)
                .Select(c => c.Name).Distinct(StringComparer.Ordinal).Take(3),
        ];
        return near.Length == 0 ? "" : $" Did you mean {string.Join(" or ", near.Select(n => $"'{n}'"))}?";
    }

    private static string Fold(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    // Edits (insert, delete, replace, swap of neighbours), halved where one text contains the other, so that
    // 'llama-3-8b' finds 'meta-llama/Meta-Llama-3-8B'.
    private static double Distance(string a, string b)
    {
        if (a.Length == 0 || b.Length == 0)
        {
            return double.MaxValue;
        }

        if (a.Length >= 3 && b.Contains(a, StringComparison.Ordinal))
        {
            return 0.5 + (0.01 * (b.Length - a.Length));
        }

        int[] beforeLast = new int[b.Length + 1];
        int[] last = [.. Enumerable.Range(0, b.Length + 1)];
        int[] current = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1] + 1, last[j] + 1), last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    current[j] = Math.Min(current[j], beforeLast[j - 2] + 1);
                }
            }

            (beforeLast, last, current) = (last, current, beforeLast);
        }

        return last[b.Length];
    }
}
