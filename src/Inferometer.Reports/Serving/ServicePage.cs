using System.Globalization;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Estimates;
using Inferometer.Reports.Metrics;
using Inferometer.Serving;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Reports.Serving;

/// <summary>What a simulated service did, as a page, as JSON and as a row of CSV.</summary>
public static class ServicePage
{
    /// <summary>The page people read.</summary>
    /// <param name="result">What the service did.</param>
    /// <param name="title">What was asked, one line.</param>
    /// <param name="assumptions">What was assumed, one sentence each.</param>
    /// <param name="basis">What the cost model knows of such cases; null where it does not say.</param>
    public static Document Of(ServiceResult result, string title, IReadOnlyList<string> assumptions, EstimateBasis? basis = null)
    {
        ArgumentNullException.ThrowIfNull(result);
        ServingReport report = result.Report.Value;
        Document page = new(Headline(result, report)) { Title = title };
        page.Blocks.Add(ServingReportMetrics.Latencies(report));
        if (Ranges(result, basis) is { } ranges)
        {
            page.Blocks.Add(ranges);
        }

        page.Blocks.Add(Load(result));
        string span = $"Over {Seconds(result.Load.DurationSeconds)}, least and most of each";
        page.Blocks.Add(new Sentences("over_time", span, LoadSketch.Lines(result)) { Bulleted = false, IsDrawing = true });
        if (result.Warnings.Count > 0)
        {
            page.Blocks.Add(new Sentences("warnings", "Warnings", result.Warnings));
        }

        page.Blocks.Add(new Sentences("assumptions", $"Assumptions (cost model {result.Report.Model})", assumptions));
        return page;
    }

    /// <summary>Every metric under its key, and the load over time.</summary>
    /// <param name="result">What the service did.</param>
    /// <param name="assumptions">What was assumed, one sentence each.</param>
    /// <param name="basis">What the cost model knows of such cases; null where it does not say.</param>
    public static Document Full(ServiceResult result, IReadOnlyList<string> assumptions, EstimateBasis? basis = null)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new Document(
        [
            new Facts(null, [.. ServiceMetrics.All.Select(m => new Fact(m.Name, m.Key, m.CellOf(result)))]),
            .. Ranges(result, basis) is { } ranges ? [ranges] : (Block[])[],
            OverTime(result),
            new Sentences("warnings", null, result.Warnings),
            new Sentences("assumptions", null, assumptions),
        ]);
    }

    /// <summary>Every metric as one row, with the columns of <see cref="ServiceMetrics"/>.</summary>
    /// <param name="result">What the service did.</param>
    public static Document Row(ServiceResult result)
    {
        Table table = new("service", null, [.. ServiceMetrics.All.Select(m => m.Column)]);
        table.Add([.. ServiceMetrics.All.Select(m => m.CellOf(result))]);
        return new Document(table);
    }

    /// <summary>Queue, batch and cache over time, as a table.</summary>
    public static Table OverTime(ServiceResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        Table table = new(
            "over_time",
            null,
            Column.Number("s", "seconds"),
            Column.Number("waiting", "waiting"),
            Column.Number("running", "running"),
            Column.Number("batch", "batch"),
            Column.Number("KV use", "kv_use"),
            Column.Number("output/s", "output_tokens_per_s"));
        foreach (LoadPoint point in result.OverTime)
        {
            table.Add(
                Cell.Number(point.Seconds),
                Cell.Number(point.Waiting),
                Cell.Number(point.Running),
                Cell.Number(point.Batch),
                Cell.Share(point.KvUse),
                Cell.Number(point.OutputTokensPerSecond));
        }

        return table;
    }

    // Learned from means of closed loops; of a service that is overloaded no time is a property.
    private static Table? Ranges(ServiceResult result, EstimateBasis? basis)
    {
        ServingReport report = result.Report.Value;
        return basis is null || result.Overload is not null
            ? null
            : RangeTable.Of(
                basis, "Where measured means may lie, ms", report.TimeToFirstToken?.Mean * 1000, report.TimePerOutputToken?.Mean * 1000,
                report.EndToEnd?.Mean * 1000);
    }

    private static Facts Headline(ServiceResult result, ServingReport report)
    {
        List<Fact> facts = [];
        if (result.Overload is { } overload)
        {
            string text = string.Create(
                CultureInfo.InvariantCulture,
                $"YES: {Numbers.Short(overload.ArrivalsPerSecond)} requests/s come, {Numbers.Short(overload.CompletionsPerSecond)} are "
                    + $"answered; those in the service grew from {Numbers.Whole(overload.RequestsHalfway)} halfway through the arrivals to "
                    + $"{Numbers.Whole(overload.RequestsAtEnd)} at their end and would grow on");
            facts.Add(new("Overloaded", "overloaded", new Cell(text, true) { Tone = Tone.Bad }));
        }

        string refused = report.Rejected > 0 ? $", {Numbers.Whole(report.Rejected)} refused" : "";
        string counts = $"{Numbers.Whole(report.Completed)} measured{refused}, {Numbers.Whole(result.Requests)} in all";
        facts.Add(new("Requests", "completed", Cell.Number(report.Completed, $"{counts}; warm-up: {result.WarmUp}")));
        facts.Add(new("Throughput", "output_throughput", Strong(report.OutputTokensPerSecond, ServingReportMetrics.Throughput(report))));
        if (result.Load.Sustained is { } full)
        {
            facts.Add(new(
                "Sustained",
                "sustained_output_throughput",
                Strong(
                    full.OutputTokensPerSecond,
                    $"{Numbers.Short(full.RequestsPerSecond)} requests/s, {Numbers.Short(full.OutputTokensPerSecond)} output tokens/s; "
                        + $"over {Numbers.Short(full.ToSeconds - full.FromSeconds)} s between filling and emptying")));
        }

        if (report.Goodput is { } goodput)
        {
            facts.Add(new(
                "Goodput",
                "request_goodput",
                Strong(
                    goodput.RequestsPerSecond,
                    $"{Numbers.Short(goodput.RequestsPerSecond)} requests/s, {Numbers.Percent(goodput.Attainment)} of the requests keep "
                        + $"{goodput.Slo}")));
        }

        if (result.Load.CostPerMillionTokensUsd is { } million && result.Load.CostPerRequestUsd is { } each)
        {
            facts.Add(new(
                "Cost",
                "usd_per_million_output_tokens",
                Strong(
                    million,
                    $"{Numbers.Dollars(million)} per million generated tokens, {Dollars(each)} per request, "
                        + $"{Numbers.Dollars(result.Load.CostPerMonthUsd ?? 0)} a month")));
        }

        if (result.Load.JoulesPerOutputToken is { } joules)
        {
            facts.Add(new(
                "Energy", "joules_per_output_token",
                    Strong(joules,
                    $"{Numbers.Short(joules)} J per generated token, {Numbers.Short(result.Load.Watts ?? 0)} W on average")));
        }

        return new Facts(null, facts);
    }

    private static Facts Load(ServiceResult result)
    {
        ServiceLoad load = result.Load;
        ServingReport report = result.Report.Value;
        string replicas = load.Replicas == 1 ? "one replica" : $"{load.Replicas} replicas";
        List<Fact> facts =
        [
            new("Steps", "steps",
                Cell.Number(load.Steps,
                $"{Numbers.Whole(load.Steps)} by {replicas}, {Numbers.Short(load.MeanBatch)} sequences each on average")),
            new("Busy", "busy_share", Cell.Share(load.BusyShare)),
            new("Math, memory", "bandwidth_utilization",
                Cell.Number(load.BandwidthUtilization,
                $"{Numbers.Percent(load.FlopUtilization)} of peak arithmetic, {Numbers.Percent(load.BandwidthUtilization)} of peak "
                + $"bandwidth")),
            new("KV cache", "mean_kv_use",
                Cell.Number(load.MeanKvUse,
                $"{Numbers.Percent(load.MeanKvUse)} of {Numbers.Whole(load.KvCapacityTokens)} tokens in use, at most "
                + $"{Numbers.Percent(load.PeakKvUse)}")),
            new("In the system", "mean_requests_in_system",
                Cell.Number(report.MeanRequestsInSystem, $"{Numbers.Short(report.MeanRequestsInSystem)} requests on average")),
        ];
        if (report.CachedTokens > 0)
        {
            facts.Add(
                new("Prefix cache", "cached_input_tokens",
                Cell.Number(report.CachedTokens,
                $"{Numbers.Percent((double)report.CachedTokens / report.PromptTokens)} of the prompt tokens")));
        }

        if (report.Preemptions > 0)
        {
            facts.Add(new("Preemptions", "preemptions", report.Preemptions));
        }

        return new Facts("Load", facts);
    }

    private static Cell Strong(double value, string text) => Cell.Number(value, text) with { Tone = Tone.Strong };

    private static string Dollars(double value) => value >= 0.001 || value == 0 ? Numbers.Dollars(value)
        : "$" + value.ToString("0.00e+0", CultureInfo.InvariantCulture);

    private static string Seconds(double seconds) => Numbers.Milliseconds(seconds * 1000);
}
