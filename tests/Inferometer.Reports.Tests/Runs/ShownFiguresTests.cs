using System.Text.Json.Nodes;
using Inferometer.Core.Origins;
using Inferometer.History.Comparison;
using Inferometer.History.Records;
using Inferometer.Measurement.Evaluation;
using Inferometer.Measurement.Load;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Evaluation;
using Inferometer.Reports.Load;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Simulation.Serving;

namespace Inferometer.Reports.Tests.Runs;

/// <summary>What pages show to people, and what besides to machines.</summary>
public sealed class ShownFiguresTests
{
    [Fact]
    public void Requests_have_the_deviation_of_their_own_figure_beside_their_mean_alone()
    {
        Table table = RunPage.Metrics(Run(RecordedServing.Of(Load(0, 0))));
        Row(table, "mean_ttft_ms", out double? mean);
        Row(table, "median_ttft_ms", out double? median);
        Row(table, "p99_ttft_ms", out double? percentile);
        Row(table, "std_ttft_ms", out double? deviation, column: 1);
        Assert.NotNull(mean);
        Assert.Equal(deviation, mean);
        Assert.Equal((null, null), (median, percentile));
    }

    // Of 1, 2 and 3 it is 1 by llama-bench's definition, over n - 1.
    [Fact]
    public void Repetitions_have_the_deviation_that_bench_prints()
    {
        RunMetric rate = new()
        {
            Key = "tg8",
            Name = "tg8",
            Unit = "tokens/s",
            Better = Better.Higher,
            Value = 2,
            Statistic = Statistic.Mean,
            Series = "tg8",
        };
        Table table = RunPage.Metrics(Run(new RecordedFigures([rate], [new RunSeries("tg8", "tokens/s", [1, 2, 3])])));
        Row(table, "tg8", out double? deviation);
        Assert.Equal(1, deviation!.Value, 12);
    }

    [Fact]
    public void What_a_row_says_already_is_for_machines_alone()
    {
        PerplexityResult result = new(9.5, 2.25, 0.1, 100, 1, 128, 200);
        Document perplexity = PerplexityPage.Of("m", "book.txt", PerplexityMethod.SecondHalf, result, 2);
        Assert.Contains("\"method\": \"llama.cpp\"", Text(perplexity, OutputFormat.Json), StringComparison.Ordinal);
        Assert.Contains("\"perplexity_standard_error\": 0.1", Text(perplexity, OutputFormat.Json), StringComparison.Ordinal);
        string page = Text(perplexity, OutputFormat.Markdown);
        Assert.Contains("9.5000 +/- 0.1000", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Standard error", page, StringComparison.Ordinal);
        Assert.Single(page.Split('\n'), line => line.Contains("Window", StringComparison.Ordinal));

        PairedRounds rounds = new();
        (double A, double B)[] values = [(10, 12), (10, 12.5), (10, 11.5), (10, 12)];
        Array.ForEach(values, v => rounds.Add(v.A, v.B));
        RunMetric figure = new() { Key = "tg8", Name = "tg8", Unit = "tokens/s", Better = Better.Higher, Value = 10 };
        Document paired = PairedPage.Of("bench a", "bench b", figure, values, rounds, PairedOutcome.Differ);
        Assert.Contains("\"relative_low\": ", Text(paired, OutputFormat.Json), StringComparison.Ordinal);
        Assert.Contains("at 95 % between", Text(paired, OutputFormat.Markdown), StringComparison.Ordinal);
        Assert.DoesNotContain("From", Text(paired, OutputFormat.Markdown), StringComparison.Ordinal);
    }

    // Twenty measured, of which five fail, behind two of which one does.
    [Fact]
    public void Failures_of_a_load_add_up_in_the_table_and_in_json()
    {
        LoadResult result = Load(1, 5) with { Notes = ["Something is not counted."] };
        string page = Text(LoadPage.Of(new LoadComparison(result, null), "t", []), OutputFormat.Markdown);
        Assert.Contains(
            "20 measured: 15 completed, 5 failed; warm-up: the first 2 requests, 1 of which failed", page, StringComparison.Ordinal);
        Assert.Contains("Something is not counted.", page, StringComparison.Ordinal);
        var json = JsonNode.Parse(Text(LoadPage.Full(new LoadComparison(result, null), [], null), OutputFormat.Json))!;
        Assert.Equal((15, 5, 2, 1), (Count("completed"), Count("failed"), Count("warm_up_requests"), Count("warm_up_failed")));
        Assert.Equal("Something is not counted.", (string)json["assumptions"]![0]!);

        int Count(string key) => (int)json[key]!;
    }

    [Fact]
    public async Task The_headline_of_a_sweep_is_what_was_answered_and_a_short_load_is_said_to_be_short()
    {
        LoadSweep sweep = await LoadSweep.RunAsync(_ => Task.FromResult(Load(0, 0)), 100, TestContext.Current.CancellationToken);
        string page = Text(SweepPage.Of(sweep, "t"), OutputFormat.Markdown);
        Assert.Matches(@"[0-9.]+ requests/s answered, of [0-9,]+ sent.*too short a load to tell", page);
        Assert.Contains("too short a time to tell whether the service keeps up", page, StringComparison.Ordinal);
        double knee = (double)JsonNode.Parse(Text(SweepPage.Of(sweep, "t"), OutputFormat.Json))!["knee_requests_per_s"]!;
        Assert.Equal(sweep.Knee!.Result.Report.Value.RequestsPerSecond, knee, 9);
    }

    private static void Row(Table table, string key, out double? value, int column = -1)
    {
        Cell[] row = [.. table.Rows.Single(r => string.Equals(r[0].Text, key, StringComparison.Ordinal))];
        value = (column < 0 ? row[^1] : row[column]).Value is { } known ? Convert.ToDouble(known, null) : null;
    }

    private static string Text(Document document, OutputFormat format)
    {
        using StringWriter text = new();
        DocumentWriters.For(format, text).Write(document);
        return text.ToString();
    }

    // Twenty requests behind two of warm-up, a twentieth of a second apart.
    private static LoadResult Load(int failedInWarmUp, int failed)
    {
        RequestTimeline[] timelines = [.. Enumerable.Range(0, 22).Select(i =>
        {
            double arrival = i * 0.05, first = arrival + 0.02 + (0.001 * (i % 7));
            bool fails = i < failedInWarmUp || i >= 22 - failed;
            return new RequestTimeline
            {
                Id = i,
                ArrivalSeconds = arrival,
                FinishSeconds = first + 0.01,
                FinishReason = fails ? FinishReason.Error : FinishReason.Length,
                PromptTokens = 8,
                Deliveries = fails ? [] : [new TokenDelivery(first, 1), new TokenDelivery(first + 0.01, 1)],
            };
        })];
        return new LoadResult
        {
            Report = new Measured<ServingReport>(
                ServingReport.Of(timelines[2..]), new MeasurementSource("a service", DateTimeOffset.UnixEpoch, 20)),
            Timelines = timelines,
            Asked = null!,
            WarmUp = new WarmUp(2, 0),
            Errors = failed + failedInWarmUp > 0 ? [("HTTP 503", failed + failedInWarmUp)] : [],
            Lateness = MetricSummary.Of([0.0])!,
        };
    }

    private static RunRecord Run(RecordedFigures figures) => new RunRecord
    {
        Kind = RunKind.Load,
        Arm = RunArm.Measured,
        At = DateTimeOffset.UnixEpoch,
        Model = "m",
        On = "localhost:8000",
        Config = RunConfig.Of(new JsonObject { ["command"] = "x" }),
        Product = "0.1.0",
        Metrics = figures.Metrics,
        Series = figures.Series,
    }.Sealed();
}
