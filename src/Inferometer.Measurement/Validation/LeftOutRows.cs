namespace Inferometer.Measurement.Validation;

/// <summary>Counts rows that are left out, by reason.</summary>
internal sealed class LeftOutRows
{
    private readonly Dictionary<string, (int Count, string First)> _reasons = new(StringComparer.Ordinal);

    /// <summary>Counts a row.</summary>
    public void Add(string reason, string row) =>
        _reasons[reason] = _reasons.TryGetValue(reason, out (int Count, string First) seen) ? (seen.Count + 1, seen.First) : (1, row);

    /// <summary>The reasons, the commonest first.</summary>
    public IReadOnlyList<LeftOut> ToList() =>
        [.. _reasons.OrderByDescending(r => r.Value.Count).ThenBy(r => r.Key, StringComparer.Ordinal)
            .Select(r => new LeftOut(r.Key, r.Value.Count, r.Value.First))];
}
