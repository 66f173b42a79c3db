using Inferometer.Reports.Documents;
using Inferometer.Sweeps.Points;
using Inferometer.Sweeps.Runs;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Tables;

/// <summary>What is said of a sweep: before it is made, and after.</summary>
public static class SweepPage
{
    private const int MostReasons = 10;

    /// <summary>The points of a space.</summary>
    /// <param name="space">The space.</param>
    /// <param name="shards">Pieces that it would be cut into.</param>
    public static Document OfSpace(SweepSpace space, int shards)
    {
        ArgumentNullException.ThrowIfNull(space);
        ResultColumns columns = new(space);
        Table axes = new(
            "axes", "Axes, the last changes fastest", Column.Text("axis", "axis"), Column.Number("values", "values"),
                Column.Text("from", "first"),
            Column.Text("to", "last"), Column.Text("in step with", "list"));
        foreach (AxisGroup group in space.Groups)
        {
            foreach (Axis axis in group.Axes)
            {
                string others = string.Join(", ", group.Axes.Where(a => a != axis).Select(a => a.Setting.Name));
                axes.Add(axis.Setting.Name, axis.Values.Count, axis.Values[0], axis.Values[^1], others);
            }
        }

        return new Document(
            new Facts(null,
            [
                new("Points", "points", space.Count),
                new("Of", "kind", space.IsSimulated ? "simulated services" : "estimates"),
                new("Shards", "shards", shards),
                new("Columns", "columns", columns.All.Count),
            ]),
            axes,
            new Sentences("column_names", "Columns", [string.Join(", ", columns.All.Select(c => c.Key))]) { Bulleted = false })
        {
            Title = $"{space.Origin}: {Numbers.Whole(space.Count)} points",
        };
    }

    /// <summary>What a sweep did.</summary>
    /// <param name="outcome">What it did.</param>
    /// <param name="output">File of its results.</param>
    public static Document OfOutcome(SweepOutcome outcome, string output)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        long here = outcome.Points - outcome.TakenOver;
        List<Fact> facts =
        [
            new("Points", "points", outcome.Points),
            new("Priced", PointStatus.Ok, outcome.Counts.Ok),
            new("Does not fit", PointStatus.DoesNotFit, outcome.Counts.DoesNotFit),
            new("Not possible", PointStatus.NotPossible, outcome.Counts.NotPossible),
            new("Shards", "shards", outcome.Shards),
            new("Time", "seconds", Cell.Number(outcome.Seconds, $"{Numbers.Short(outcome.Seconds)} s")),
        ];
        if (here > 0)
        {
            facts.Add(new("Rate", "points_per_s",
                Cell.Number(here / outcome.Seconds, $"{Numbers.Short(here / outcome.Seconds)} points/s")));
        }

        if (outcome.TakenOver > 0)
        {
            facts.Add(new("Of earlier runs", "points_taken_over", outcome.TakenOver));
        }

        Document document = new(new Facts(null, facts)) { Title = $"{output}: {Numbers.Whole(outcome.Points)} points" };
        if (outcome.Counts.Reasons.Count > 0)
        {
            Table reasons = new("reasons", "Why points are not possible", Column.Number("points", "points"),
                Column.Text("reason", "reason"));
            foreach ((string reason, long points) in outcome.Counts.Reasons.OrderByDescending(r => r.Value)
                .ThenBy(r => r.Key, StringComparer.Ordinal).Take(MostReasons))
            {
                reasons.Add(points, reason);
            }

            document.Blocks.Add(reasons);
        }

        return document;
    }
}
