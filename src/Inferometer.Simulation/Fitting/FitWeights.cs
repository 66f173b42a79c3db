namespace Inferometer.Simulation.Fitting;

/// <summary>What each run counts: runs of a large group say the same thing often.</summary>
internal static class FitWeights
{
    private const double FullGroup = 40;

    /// <summary>One weight per case: 1 in groups of up to 40 runs, less in larger ones.</summary>
    public static IEnumerable<double> Of(IReadOnlyList<FitCase> cases)
    {
        Dictionary<string, int> sizes = cases.GroupBy(c => c.Group, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        return cases.Select(c => Math.Min(1, Math.Sqrt(FullGroup / sizes[c.Group])));
    }
}
