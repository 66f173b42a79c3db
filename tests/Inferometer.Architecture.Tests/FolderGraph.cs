namespace Inferometer.Architecture.Tests;

/// <summary>Looks for circles in a graph of folders.</summary>
internal static class FolderGraph
{
    /// <summary>One circle, in the order of its arrows; empty when there is none.</summary>
    public static IReadOnlyList<string> FindCircle(IEnumerable<(string From, string To)> arrows)
    {
        ILookup<string, string> next = arrows.OrderBy(a => a.From, StringComparer.Ordinal).ThenBy(a => a.To, StringComparer.Ordinal)
            .ToLookup(a => a.From, a => a.To, StringComparer.Ordinal);
        HashSet<string> done = new(StringComparer.Ordinal);
        foreach (IGrouping<string, string> start in next)
        {
            if (Visit(start.Key, next, [], done) is { } circle)
            {
                return circle;
            }
        }

        return [];
    }

    private static List<string>? Visit(string folder, ILookup<string, string> next, List<string> path, HashSet<string> done)
    {
        int at = path.IndexOf(folder);
        if (at >= 0)
        {
            return path[at..];
        }

        if (!done.Add(folder))
        {
            return null;
        }

        path.Add(folder);
        List<string>? circle = next[folder].Select(to => Visit(to, next, path, done)).FirstOrDefault(found => found is not null);
        path.RemoveAt(path.Count - 1);
        return circle;
    }
}
