using Inferometer.Planning.Inventory;
using Inferometer.Planning.Screening;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Planning;

/// <summary>What can be served on devices that are there, as a page.</summary>
public static class InventoryPage
{
    /// <summary>The page, whatever the format.</summary>
    /// <param name="rows">The rows, the largest model first.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="top">Most rows for people.</param>
    public static Document Of(IReadOnlyList<InventoryRow> rows, InventoryRequest request, int top)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(request);
        InventoryRow[] fitting = [.. rows.Where(r => r.Deployment is not null)];
        InventoryRow[] others = [.. rows.Where(r => r.Deployment is null)];
        string level = request.Level is { } asked ? asked.ToString() : "that it fits is enough";
        Document page = new(Headline(fitting, rows.Count, top))
        {
            Title = string.Join(", ", request.Systems.Select(s => (s with { Count = s.Count ?? 1 }).ToString()))
                + FormattableString.Invariant(
                    $", {request.Requests.MeanInput:#,0} tokens in, {request.Requests.MeanOutput:#,0} out: {level}"),
        };
        if (fitting.Length > 0)
        {
            page.Blocks.Add(Fitting(fitting.Take(top), request.Systems.Count > 1));
        }

        if (others.Length > 0)
        {
            page.Blocks.Add(Missing(others.OrderBy(r => r.Parameters).Take(top)));
        }

        page.Blocks.Add(new Sentences(
            "assumptions",
            "Assumptions",
            [
                "Users ask again as soon as they are answered, and times are means of an analytic model; 'inferometer plan MODEL --users N "
                    + "--on SYSTEM' simulates one of them.",
                "Of each model the deployment that serves most users; the longest context is that of one request by itself.",
                .. others.Length > 0 && request.Space.Weights.Count == 0 && request.Space.Frameworks.Count == 0
                    ? ["Weights are as published or in 8 bits; '--weights awq', or '--framework llama.cpp', looks at 4 bits too."]
                    : Array.Empty<string>(),
            ]));
        return page;
    }

    private static Facts Headline(InventoryRow[] rows, int asked, int top)
    {
        if (rows.Length == 0)
        {
            return new Facts(null, [new("Largest model", "largest_model", new Cell("none fits", null) { Tone = Tone.Bad })]);
        }

        InventoryRow largest = rows.MaxBy(r => r.Parameters)!;
        InventoryRow longest = rows.MaxBy(r => r.LongestContext)!;
        InventoryRow most = rows.MaxBy(r => r.Users)!;
        return new Facts(
            null,
            [
                new("Largest model", "largest_model", new Cell($"{largest.Model}, {Numbers.Count(largest.Parameters)} parameters",
                    largest.Model)),
                new(
                    "Longest context", "longest_context",
                    Cell.Number(longest.LongestContext, $"{Numbers.Whole(longest.LongestContext)} tokens, {longest.Model}")),
                new("Served", "served", Cell.Number(rows.Length, FormattableString.Invariant(
                    $"{rows.Length} of {asked}{(rows.Length > top ? $"; the {top} largest are listed (--top)" : "")}"))),
                new("Most users", "most_users", Cell.Number(most.Users, $"{Numbers.Whole(most.Users)} at once, {most.Model}")),
            ]);
    }

    private static Table Fitting(IEnumerable<InventoryRow> rows, bool several)
    {
        Table table = new(
            "models",
            null,
            Column.Text("model", "model") with { IsRowName = true },
            Column.Text("on", "system") with { Audience = several ? Audience.Everyone : Audience.Machines },
            Column.Number("parameters", "parameters"),
            Column.Number("users", "users"),
            Column.Text("bound by", "binding"),
            Column.Number("TTFT ms", "ttft_ms"),
            Column.Number("TPOT ms", "tpot_ms"),
            Column.Number("tokens/s", "output_throughput"),
            Column.Number("context", "longest_context"),
            Column.Text("as", "deployment"));
        foreach (InventoryRow row in rows)
        {
            table.Add(
                row.Model,
                row.System.ToString(),
                Cell.Number(row.Parameters, Numbers.Count(row.Parameters)),
                row.Users,
                Rejection.Words(row.Binding),
                Cell.Number(row.TimeToFirstToken * 1000),
                Cell.Number(row.TimePerOutputToken * 1000),
                Cell.Number(row.OutputTokensPerSecond),
                row.LongestContext,
                FormattableString.Invariant($"{row.Replicas} x {row.Deployment!.Shape.Spread()}, {row.Deployment.Shape.Formats()}, ")
                    + row.Deployment.Shape.Framework.Name);
        }

        return table;
    }

    private static Table Missing(IEnumerable<InventoryRow> rows)
    {
        Table table = new(
            "not_served",
            "What is not served, the smallest first",
            Column.Text("model", "model") with { IsRowName = true },
            Column.Text("on", "system") with { Audience = Audience.Machines },
            Column.Number("parameters", "parameters"),
            Column.Text("why", "why"));
        foreach (InventoryRow row in rows)
        {
            table.Add(row.Model, row.System.ToString(), Cell.Number(row.Parameters, Numbers.Count(row.Parameters)), row.Reason!);
        }

        return table;
    }
}
