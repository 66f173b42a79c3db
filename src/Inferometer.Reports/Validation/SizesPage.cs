using System.Globalization;
using Inferometer.Measurement.Sizes;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Validation;

/// <summary>Published sizes of files, weights and caches beside what is predicted for them.</summary>
public static class SizesPage
{
    /// <summary>The page: how near the predictions come, every row that is compared, and why others are not.</summary>
    /// <param name="summary">What was compared.</param>
    /// <param name="table">The table's file, for the title.</param>
    public static Document Of(SizeSummary summary, string table)
    {
        ArgumentNullException.ThrowIfNull(summary);
        ArgumentNullException.ThrowIfNull(table);
        Document page = new(Summary(summary), Figures(summary)) { Title = $"Sizes of {Path.GetFileName(table)}" };
        if (summary.Compared < summary.Outcomes.Count)
        {
            page.Blocks.Add(LeftOut(summary));
        }

        return page;
    }

    /// <summary>Every row that is compared, in the order of the table.</summary>
    /// <param name="summary">What was compared.</param>
    public static Table Figures(SizeSummary summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        Table table = new(
            "sizes", "Published and predicted", Column.Text("model", "model") with { IsRowName = true },
            Column.Text("formats", "precision"), Column.Text("of", "kind") with { Audience = Audience.Machines },
            Column.Text("figure", "metric"), Column.Number("published", "published"), Column.Number("predicted", "predicted"),
            Column.Number("error", "relative_error"), Column.Text("settings", "settings"),
            Column.Text("source", "source") with { Audience = Audience.Machines });
        foreach (SizeOutcome o in summary.Outcomes.Where(o => o.Error is not null))
        {
            double error = o.Error!.Value;
            table.Add(
                o.Row.Model, o.Row.Precision, o.Kind, o.Row.Metric, Cell.Number(o.Row.Reported), Cell.Number(o.Predicted),
                Cell.Number(error, (error > 0 ? "+" : "") + Percent(error)), o.Row.Settings, o.Row.Source);
        }

        return table;
    }

    private static Facts Summary(SizeSummary summary) => new(null,
    [
        new("Rows of memory", "rows", summary.Outcomes.Count),
        new("Compared", "compared", summary.Compared),
        new("Median error", "median_absolute", Share(summary.MedianError)),
        new("Within 1 %", "share_within_1_percent", Share(summary.ShareWithin(0.01))),
        new("Within 3 %", "share_within_3_percent", Share(summary.ShareWithin(0.03))),
    ]);

    private static Table LeftOut(SizeSummary summary)
    {
        Table table = new(
            "left_out", "Rows left out", Column.Text("model", "model") with { IsRowName = true }, Column.Text("figure", "metric"),
            Column.Text("why", "reason"));
        foreach (SizeOutcome o in summary.Outcomes.Where(o => o.Error is null))
        {
            table.Add(o.Row.Model, o.Row.Metric, o.Reason!);
        }

        return table;
    }

    private static Cell Share(double share) => double.IsNaN(share) ? Cell.None : Cell.Number(share, Percent(share));

    private static string Percent(double share) => (100 * share).ToString("0.00", CultureInfo.InvariantCulture) + " %";
}
