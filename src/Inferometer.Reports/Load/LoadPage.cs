using System.Globalization;
using Inferometer.Measurement.Load;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Metrics;
using Inferometer.Serving;
using Inferometer.Simulation.Serving;

namespace Inferometer.Reports.Load;

/// <summary>What a service did under a load, beside what was predicted for it.</summary>
public static class LoadPage
{
    private const double BunchedSeconds = 2e-5;

    // What stands beside its prediction, with the unit and how tables write it.
    private static readonly (string Name, string Key, Func<ServingReport, double?> Of)[] Compared =
    [
        ("TTFT mean, ms", "mean_ttft_ms", r => r.TimeToFirstToken?.Mean * 1000),
        ("TTFT p50, ms", "median_ttft_ms", r => r.TimeToFirstToken?.P50 * 1000),
        ("TTFT p90, ms", "p90_ttft_ms", r => r.TimeToFirstToken?.P90 * 1000),
        ("TTFT p99, ms", "p99_ttft_ms", r => r.TimeToFirstToken?.P99 * 1000),
        ("TPOT mean, ms", "mean_tpot_ms", r => r.TimePerOutputToken?.Mean * 1000),
        ("TPOT p50, ms", "median_tpot_ms", r => r.TimePerOutputToken?.P50 * 1000),
        ("TPOT p90, ms", "p90_tpot_ms", r => r.TimePerOutputToken?.P90 * 1000),
        ("E2E p50, ms", "median_e2el_ms", r => r.EndToEnd?.P50 * 1000),
        ("E2E p90, ms", "p90_e2el_ms", r => r.EndToEnd?.P90 * 1000),
        ("requests/s", "request_throughput", r => r.RequestsPerSecond),
        ("output tokens/s", "output_throughput", r => r.OutputTokensPerSecond),
        ("in the system", "mean_requests_in_system", r => r.MeanRequestsInSystem),
    ];

    /// <summary>The page people read.</summary>
    /// <param name="load">What was measured and predicted.</param>
    /// <param name="title">What was asked of what, one line.</param>
    /// <param name="assumptions">What the prediction took for granted; empty without one.</param>
    /// <param name="planned">Requests that were to be asked; null = only their time was limited.</param>
    public static Document Of(LoadComparison load, string title, IReadOnlyList<string> assumptions, long? planned = null)
    {
        ArgumentNullException.ThrowIfNull(load);
        ArgumentNullException.ThrowIfNull(assumptions);
        ServingReport report = load.Measured.Report.Value;
        Document page = new(Headline(load.Measured, planned)) { Title = title };
        page.Blocks.Add(ServingReportMetrics.Latencies(report));
        if (load.Predicted is { } predicted)
        {
            page.Blocks.Add(Beside(report, predicted.Report.Value));
            page.Blocks.Add(Cost(predicted.Load));
        }

        if (load.Measured.Errors.Count > 0)
        {
            page.Blocks.Add(Errors(load.Measured));
        }

        if (load.Predicted is { Warnings.Count: > 0 } doubtful)
        {
            page.Blocks.Add(new Sentences("warnings", "Warnings of the prediction", doubtful.Warnings));
        }

        if (load.Measured.Notes.Count > 0)
        {
            page.Blocks.Add(new Sentences("notes", "Notes", load.Measured.Notes));
        }

        page.Blocks.Add(new Sentences("definitions", "Definitions",
        [
            "TTFT: from when a request was to be sent to its first text. TPOT: (E2E - TTFT) / (tokens - 1). "
                + "ITL: gaps between pieces of text.",
            "E2E: to the last text. Throughput: completed requests and their tokens over the time from the first to the last of them.",
        ]));
        if (assumptions.Count > 0)
        {
            page.Blocks.Add(new Sentences("assumptions", "Assumptions of the prediction", assumptions));
        }

        return page;
    }

    /// <summary>Every metric under its key; predicted ones begin with <c>predicted_</c>.</summary>
    /// <param name="load">What was measured and predicted.</param>
    /// <param name="assumptions">What the prediction took for granted; what limits the measurement is put behind it.</param>
    /// <param name="users">Users who waited for answers; null = requests came at times of their own.</param>
    public static Document Full(LoadComparison load, IReadOnlyList<string> assumptions, int? users)
    {
        ArgumentNullException.ThrowIfNull(load);
        return new Document(
            new Facts(null, [.. Values(load, users).Select(v => new Fact(v.Name, v.Key, v.Value))]),
            Errors(load.Measured),
            new Sentences("assumptions", null, [.. assumptions, .. load.Measured.Notes]));
    }

    /// <summary>Every metric as one row.</summary>
    /// <param name="load">What was measured and predicted.</param>
    /// <param name="users">Users who waited for answers; null = requests came at times of their own.</param>
    public static Document Row(LoadComparison load, int? users)
    {
        ArgumentNullException.ThrowIfNull(load);
        (string Name, string Key, Cell Value)[] values = [.. Values(load, users)];
        Table table = new("load", null, [.. values.Select(v => Column.Number(v.Name, v.Key))]);
        table.Add([.. values.Select(v => v.Value)]);
        return new Document(table);
    }

    private static IEnumerable<(string Name, string Key, Cell Value)> Values(LoadComparison load, int? users)
    {
        yield return ("service", "service", load.Measured.Report.Source.Machine);
        yield return ("began", "date", load.Measured.Report.Source.TakenAt.ToString("O", CultureInfo.InvariantCulture));
        yield return ("users", "max_concurrency", users is { } n ? n : Cell.None);
        yield return ("stopped early", "stopped_early", load.Measured.IsStoppedEarly);
        yield return ("warm-up", "warm_up_requests", load.Measured.WarmUpRequests);
        yield return ("failed in the warm-up", "warm_up_failed", load.Measured.WarmUpFailed);
        foreach (Metric<ServingReport> metric in ServingReportMetrics.All)
        {
            yield return (metric.Name, metric.Key, metric.CellOf(load.Measured.Report.Value));
        }

        yield return ("energy", "joules_per_output_token", Cell.Number(load.Measured.JoulesPerOutputToken));
        yield return ("power", "average_power_watts", Cell.Number(load.Measured.Energy?.Watts));
        yield return ("sent late, p99", "p99_send_delay_ms", Cell.Number(load.Measured.Lateness.P99 * 1000));
        if (load.Predicted is { } predicted)
        {
            foreach (Metric<ServingReport> metric in ServingReportMetrics.All)
            {
                yield return ($"{metric.Name}, predicted", $"predicted_{metric.Key}", metric.CellOf(predicted.Report.Value));
            }

            ServiceLoad use = predicted.Load;
            yield return ("energy, predicted", "predicted_joules_per_output_token", Cell.Number(use.JoulesPerOutputToken));
            yield return ("cost, predicted", "predicted_usd_per_million_output_tokens", Cell.Number(use.CostPerMillionTokensUsd));
            yield return ("cost a month, predicted", "predicted_usd_per_month", Cell.Number(use.CostPerMonthUsd));
            yield return ("FLOP utilisation, predicted", "predicted_flop_utilization", Cell.Number(use.FlopUtilization));
            yield return ("bandwidth utilisation, predicted", "predicted_bandwidth_utilization", Cell.Number(use.BandwidthUtilization));
        }
    }

    private static Facts Headline(LoadResult result, long? planned)
    {
        ServingReport report = result.Report.Value;
        long measured = report.Completed + report.Failed;
        string counts = (report.Failed == 0 ? $"{Numbers.Whole(measured)} measured"
            : $"{Numbers.Whole(measured)} measured: {Numbers.Whole(report.Completed)} completed, {Numbers.Whole(report.Failed)} failed")
            + $"; warm-up: {result.WarmUp}"
            + (result.WarmUpFailed > 0 ? $", {Numbers.Whole(result.WarmUpFailed)} of which failed" : "");
        List<Fact> facts = [];
        if (result.IsStoppedEarly)
        {
            string answered = Numbers.Whole(result.Timelines.Count(t => t.IsCompleted));
            string all = planned is { } most ? $" of {Numbers.Whole(most)}" : "";
            facts.Add(new(
                "Incomplete", "stopped_early",
                new Cell($"stopped early, with {answered}{all} requests answered", true) { Tone = Tone.Bad }));
        }

        facts.AddRange(
        [
            new("Requests", "completed", Cell.Number(report.Completed, counts)),
            new(
                "Throughput", "output_throughput",
                Strong(report.OutputTokensPerSecond, ServingReportMetrics.Throughput(report))),
            new(
                "Tokens", "total_input_tokens",
                Cell.Number(
                    report.PromptTokens,
                    $"{Numbers.Whole(report.PromptTokens)} of prompts{Cached(report)}, {Numbers.Whole(report.OutputTokens)} generated")),
        ]);
        if (report.Goodput is { } goodput)
        {
            facts.Add(new(
                "Goodput", "request_goodput",
                Strong(
                    goodput.RequestsPerSecond,
                    $"{Numbers.Short(goodput.RequestsPerSecond)} requests/s, {Numbers.Percent(goodput.Attainment)} of the requests keep "
                        + $"{goodput.Slo}")));
        }

        facts.Add(new(
            "Sent late", "p99_send_delay_ms",
            Cell.Number(
                result.Lateness.P99 * 1000,
                $"{Numbers.Short(result.Lateness.P50 * 1000)} ms in the middle, {Numbers.Short(result.Lateness.P99 * 1000)} ms at p99; "
                    + "counted in the latencies")));
        if (report.InterTokenLatency is { P50: < BunchedSeconds } gaps)
        {
            facts.Add(new(
                "Bunched", "median_itl_ms",
                new Cell(
                    $"half of the pieces of text came within {Numbers.Milliseconds(gaps.P50 * 1000)} of the one before; no model makes "
                        + "them so fast: they were held up on the way, by the service, the network or a busy machine, and TPOT tells of "
                        + "that",
                    gaps.P50 * 1000)
                { Tone = Tone.Bad }));
        }

        if (result.Energy is { } energy && result.JoulesPerOutputToken is { } joules)
        {
            facts.Add(new(
                "Energy", "joules_per_output_token",
                Strong(
                    joules,
                    $"{Numbers.Short(joules)} J per generated token, {Numbers.Short(energy.Watts)} W on average, measured "
                        + $"({energy.Covers}; idle power and this program included)")));
        }
        else if (result.EnergyRefusal is { } refusal)
        {
            facts.Add(new("Energy", "joules_per_output_token", new Cell($"not measured: {refusal}", null)));
        }

        return new Facts(null, facts);
    }

    // What the prediction knows and a load generator cannot see.
    private static Facts Cost(ServiceLoad load)
    {
        List<Fact> facts =
        [
            new("Math, memory", "predicted_bandwidth_utilization", Cell.Number(
                load.BandwidthUtilization,
                $"{Numbers.Percent(load.FlopUtilization)} of peak arithmetic, {Numbers.Percent(load.BandwidthUtilization)} of peak "
                    + $"bandwidth, busy {Numbers.Percent(load.BusyShare)} of the time")),
        ];
        if (load is { CostPerMillionTokensUsd: { } million, CostPerMonthUsd: { } month })
        {
            facts.Add(new("Cost", "predicted_usd_per_million_output_tokens", Cell.Number(
                million, $"{Numbers.Dollars(million)} per million generated tokens, {Numbers.Dollars(month)} a month of rent")));
        }

        if (load.JoulesPerOutputToken is { } joules)
        {
            facts.Add(new("Energy", "predicted_joules_per_output_token", Cell.Number(
                joules,
                $"{Numbers.Short(joules)} J per generated token, {Numbers.Short(load.Watts ?? 0)} W on average, from the devices' TDP and "
                    + "how busy they are")));
        }

        return new Facts("Use and cost, predicted", facts);
    }

    private static string Cached(ServingReport report) =>
        report.CachedTokens > 0 ? $" ({Numbers.Percent((double)report.CachedTokens / report.PromptTokens)} from the prefix cache)" : "";

    private static Table Beside(ServingReport measured, ServingReport predicted)
    {
        Table table = new(
            "measured_and_predicted", "Measured and predicted", Column.Text("", "metric") with { IsRowName = true },
            Column.Number("measured", "measured"), Column.Number("predicted", "predicted"),
            Column.Number("predicted / measured - 1", "relative_error"));
        foreach ((string name, string key, Func<ServingReport, double?> of) in Compared)
        {
            if (of(measured) is { } a && of(predicted) is { } b)
            {
                double error = (b / a) - 1;
                table.Add(
                    new Cell(name, key), Cell.Number(a), Cell.Number(b),
                    Cell.Number(error, (error > 0 ? "+" : "") + Numbers.Percent(error)));
            }
        }

        return table;
    }

    private static Table Errors(LoadResult result)
    {
        Table table = new(
            "errors", result.WarmUpFailed > 0 ? "What went wrong, the warm-up included" : "What went wrong",
            Column.Number("requests", "count"), Column.Text("error", "error") with { IsRowName = true });
        foreach ((string error, int count) in result.Errors)
        {
            table.Add(count, error);
        }

        return table;
    }

    private static Cell Strong(double value, string text) => Cell.Number(value, text) with { Tone = Tone.Strong };
}
