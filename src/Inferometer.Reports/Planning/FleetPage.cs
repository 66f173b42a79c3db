using Inferometer.Planning.Answers;
using Inferometer.Planning.Fleets;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Planning;

/// <summary>One pool beside two, as a page.</summary>
public static class FleetPage
{
    /// <summary>The page, whatever the format.</summary>
    /// <param name="fleet">The plan.</param>
    public static Document Of(FleetPlan fleet)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        return new Document(
            new Facts(
                null,
                [
                    new("One pool", "single_usd_per_month", Answer(fleet.Single)),
                    new("Two pools", "pools_usd_per_month", fleet.Best is { } best
                        ? Cell.Number(
                            best.DollarsPerMonth!.Value,
                            FormattableString.Invariant(
                                $"${best.DollarsPerMonth:#,0} a month, split at {best.Tokens:#,0} tokens of prompt"))
                        : new Cell("no split keeps the level", null)),
                    new("Saved", "saved_share", fleet.Saved is { } saved
                        ? Cell.Number(saved, saved switch
                        {
                            > 0.0005 => Numbers.Percent(saved),
                            < -0.0005 => "nothing: one pool is cheaper",
                            _ => "nothing: one pool is as cheap",
                        })
                        : Cell.None),
                ]),
            Splits(fleet),
            new Sentences(
                "assumptions",
                "Assumptions",
                [
                    "A router knows the length of each prompt and sends it to its pool; each pool is sized for its part of the rate.",
                    "Each pool is on the system that is cheapest for it; spares and spot count for each.",
                ]))
        {
            Title = $"{fleet.Model} for {fleet.Request.Demand}: {fleet.Request.Level}",
        };
    }

    /// <summary>The splits that were tried.</summary>
    /// <param name="fleet">The plan.</param>
    public static Table Splits(FleetPlan fleet)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        Table table = new(
            "splits",
            "Two pools",
            Column.Number("split at", "split_tokens") with { IsRowName = true },
            Column.Number("short ones", "short_share"),
            Column.Number("$ a month", "usd_per_month"),
            Column.Text("for the short", "short"),
            Column.Text("for the long", "long"));
        foreach (FleetSplit split in fleet.Splits)
        {
            table.Add(
                split.Tokens,
                Cell.Share(split.ShortShare),
                split.DollarsPerMonth is { } dollars ? Cell.Number(dollars, FormattableString.Invariant($"{dollars:#,0}")) : Cell.None,
                Words(split.Short),
                Words(split.Long));
        }

        table.BestRow = fleet.Best is { } best ? fleet.Splits.ToList().IndexOf(best) : -1;
        return table;
    }

    private static Cell Answer(PlanAnswer? answer) => answer is null ? new Cell("none keeps the level", null)
        : answer.Provision.DollarsPerMonth is { } dollars
            ? Cell.Number(dollars, FormattableString.Invariant($"${dollars:#,0} a month: {Words(answer)}"))
            : new Cell(Words(answer), null);

    private static string Words(PlanAnswer? answer) => answer is null ? "nothing does"
        : FormattableString.Invariant($"{answer.Replicas.Total} x ({answer.Deployment.Shape})")
            + (answer.Deployment.IsDisaggregated ? ", prompts apart" : "");
}
