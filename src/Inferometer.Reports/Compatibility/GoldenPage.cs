using System.Globalization;
using Inferometer.Reports.Documents;
using Inferometer.Simulation.Compatibility.Golden;

namespace Inferometer.Reports.Compatibility;

/// <summary>Recorded cases of the reproduced simulators, replayed: the worst relative error of each phase.</summary>
public static class GoldenPage
{
    /// <summary>The page: a row per engine and phase.</summary>
    public static Document Of(IReadOnlyList<GoldenSummary> summaries)
    {
        ArgumentNullException.ThrowIfNull(summaries);
        Table table = new(
            "phases",
            null,
            Column.Text("engine", "engine"),
            Column.Text("phase", "phase"),
            Column.Number("compared", "compared"),
            Column.Number("not covered", "unsupported"),
            Column.Number("worst relative error", "worst_relative_error"),
            Column.Text("in case", "worst_case"));
        foreach (GoldenSummary s in summaries)
        {
            Cell error = s.Worst is { WorstRelativeError: var worst }
                ? Cell.Number(worst, worst.ToString("0.0e+0", CultureInfo.InvariantCulture))
                : Cell.None;
            table.Add(s.Engine, s.Phase, s.Compared, s.Unsupported, error, s.Worst is null ? Cell.None : s.Worst.Id);
        }

        return new Document(table);
    }
}
