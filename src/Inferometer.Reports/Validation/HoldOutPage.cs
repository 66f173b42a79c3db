using System.Globalization;
using Inferometer.Measurement.Validation;
using Inferometer.Reports.Documents;
using Inferometer.Simulation.Fitting;

namespace Inferometer.Reports.Validation;

/// <summary>
/// How far predictions are from rows that their fit has not seen, and what a few rows of the deployment itself are worth.
/// </summary>
public static class HoldOutPage
{
    /// <summary>The page.</summary>
    /// <param name="holdOut">How rows were held out.</param>
    /// <param name="results">What was compared, by how many rows of the deployment each fit was corrected by.</param>
    /// <param name="rows">Whether to list every figure of the last.</param>
    public static Document Of(HoldOut holdOut, IReadOnlyList<(int Points, ValidationResult Result)> results, bool rows = false)
    {
        ArgumentNullException.ThrowIfNull(results);
        ValidationResult first = results[0].Result;
        string title = $"Errors of rows that the fit has not seen: {Words(holdOut)} held out";
        Table table = new(
            "held_out", title, Column.Text("metric", "metric") with { IsRowName = true },
            Column.Number("own rows", "points"), Column.Number("figures", "count"), Column.Number("MAPE", "mape"),
            Column.Number("median", "median_absolute"), Column.Number("p90", "p90_absolute"), Column.Number("signed", "median_signed"),
            Column.Number("in range", "coverage"));
        foreach (string metric in first.Metrics)
        {
            foreach ((int points, ValidationResult result) in results)
            {
                if (ErrorStatistics.Of(result.Comparisons.Where(c => c.Metric.Equals(metric, StringComparison.Ordinal))) is { } s)
                {
                    table.Add(
                        metric, points, s.Count, Percent(s.MeanAbsolute), Percent(s.MedianAbsolute), Percent(s.P90Absolute),
                        Signed(s.MedianSigned), s.Coverage is { } share ? Cell.Share(share) : Cell.None);
                }
            }
        }

        Document page = new(table) { Title = $"{Path.GetFileName(first.Table)} against {first.Predictor}, fitted to the other rows" };
        if (NameOf(holdOut) is { } of)
        {
            page.Blocks.Add(Parts(holdOut, of, results[0]));
        }

        if (rows)
        {
            page.Blocks.Add(ValidationPage.Figures(results[^1].Result));
        }

        return page;
    }

    private static Table Parts(HoldOut holdOut, Func<Comparison, string> of, (int Points, ValidationResult Result) shown)
    {
        string own = shown.Points == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {shown.Points} own rows");
        Table table = new(
            "parts", $"Errors by {Words(holdOut)}{own}", Column.Text("held out", "part") with { IsRowName = true },
            Column.Text("metric", "metric") with { IsRowName = true }, Column.Number("figures", "count"), Column.Number("MAPE", "mape"),
            Column.Number("median", "median_absolute"), Column.Number("p90", "p90_absolute"), Column.Number("signed", "median_signed"));
        foreach (IGrouping<string, Comparison> part in shown.Result.Comparisons.GroupBy(of, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            foreach (string metric in shown.Result.Metrics)
            {
                if (ErrorStatistics.Of(part.Where(c => c.Metric.Equals(metric, StringComparison.Ordinal))) is { } s)
                {
                    table.Add(
                        part.Key, metric, s.Count, Percent(s.MeanAbsolute), Percent(s.MedianAbsolute), Percent(s.P90Absolute),
                        Signed(s.MedianSigned));
                }
            }
        }

        return table;
    }

    private static Func<Comparison, string>? NameOf(HoldOut holdOut) => holdOut switch
    {
        HoldOut.Model => c => c.Model[(c.Model.LastIndexOf('/') + 1)..],
        HoldOut.Device => c => c.System,
        HoldOut.Framework => c => c.Framework,
        _ => null,
    };

    private static string Words(HoldOut holdOut) => holdOut switch
    {
        HoldOut.Model => "one model",
        HoldOut.Device => "one machine",
        HoldOut.Framework => "one framework",
        HoldOut.WholeGroups => "a fifth of the deployments",
        _ => "a random fifth of the rows",
    };

    private static Cell Percent(double share) => Cell.Number(share, (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %");

    private static Cell Signed(double share) => Cell.Number(share, (share > 0 ? "+" : "") + Numbers.Percent(share));
}
