namespace Inferometer.Simulation.Compatibility.Golden;

/// <summary>What became of one recorded case.</summary>
public enum GoldenVerdict
{
    /// <summary>All its figures were compared.</summary>
    Compared,

    /// <summary>It was recorded as an error and is one here.</summary>
    SameError,

    /// <summary>It lies outside what the compatibility models cover.</summary>
    Unsupported,
}

/// <summary>The comparison of one recorded case.</summary>
/// <param name="Id">Identity of the case.</param>
/// <param name="Engine">Which simulator recorded it.</param>
/// <param name="Phase">What was simulated.</param>
/// <param name="Verdict">Whether it was compared.</param>
/// <param name="FieldsCompared">Figures compared.</param>
/// <param name="WorstRelativeError">Largest |ours - recorded| / |recorded|; infinite when a recorded zero or word differs.</param>
/// <param name="WorstField">Where that is, with both values; the reason where the case is unsupported.</param>
public sealed record GoldenOutcome(
    string Id, string Engine, string Phase, GoldenVerdict Verdict, int FieldsCompared, double WorstRelativeError, string WorstField);

/// <summary>Outcomes of one engine and phase.</summary>
/// <param name="Engine">Which simulator.</param>
/// <param name="Phase">What was simulated.</param>
/// <param name="Compared">Cases compared, recorded errors that are errors here included.</param>
/// <param name="Unsupported">Cases outside what is covered.</param>
/// <param name="Worst">The compared case that is farthest off, or null when none was compared.</param>
public sealed record GoldenSummary(string Engine, string Phase, int Compared, int Unsupported, GoldenOutcome? Worst)
{
    /// <summary>Summaries by engine and phase, in a fixed order.</summary>
    public static IReadOnlyList<GoldenSummary> Of(IEnumerable<GoldenOutcome> outcomes) =>
    [
        .. outcomes
            .GroupBy(o => (o.Engine, o.Phase))
            .OrderBy(g => g.Key.Engine, StringComparer.Ordinal).ThenBy(g => g.Key.Phase, StringComparer.Ordinal)
            .Select(g => new GoldenSummary(
                g.Key.Engine,
                g.Key.Phase,
                g.Count(o => o.Verdict != GoldenVerdict.Unsupported),
                g.Count(o => o.Verdict == GoldenVerdict.Unsupported),
                g.Where(o => o.Verdict != GoldenVerdict.Unsupported).MaxBy(o => o.WorstRelativeError))),
    ];
}
