using System.Text.Json.Nodes;
using System.Xml.Linq;
using Inferometer.Core.Origins;
using Inferometer.History.Records;
using Inferometer.Measurement.Load;
using Inferometer.Measurement.Watch;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Runs;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Reports.Tests.Runs;

/// <summary>Runs of several parts: sweeps over rates, and watches over time.</summary>
public sealed class RecordedPartsTests
{
    private static readonly DateTimeOffset Began = new(2026, 5, 6, 7, 8, 9, TimeSpan.Zero);

    [Fact]
    public async Task A_sweep_keeps_its_knee_with_how_closely_it_is_known_and_every_metric_over_the_rate()
    {
        RecordedFigures figures = RecordedSweep.Of(await SweepAsync());
        RunMetric knee = figures.Metrics.Single(m => m.Key is RecordedSweep.Knee);
        double[] rates = [.. figures.Series.Single(s => s.Key is RecordedSweep.Axis).Values];
        int at = Array.FindLastIndex([.. figures.Series.Single(s => s.Key is RecordedSweep.KeepsUp).Values], kept => kept == 1);
        Assert.InRange(knee.Value, 0.9 * rates[at], rates[at]);
        Assert.Equal((rates[at + 1] - rates[at]) / Math.Sqrt(12), knee.StandardError!.Value, 12);
        Assert.Equal(
            rates.Select(r => r <= rates[at] ? 1.0 : 0), figures.Series.Single(s => s.Key is RecordedSweep.KeepsUp).Values);
        RunSeries ttft = figures.Series.Single(s => s.Key is "p99_ttft_ms");
        Assert.Equal((RecordedSweep.Axis, rates.Length), (ttft.Axis, ttft.Values.Count));
        Assert.Equal(ttft.Values[at], figures.Metrics.Single(m => m.Key is "knee_p99_ttft_ms").Value);
        Assert.Equal(["knee_requests_per_s", "knee_output_throughput", "peak_output_throughput"],
            figures.Metrics.Where(m => m.IsHeadline).Select(m => m.Key));
    }

    [Fact]
    public async Task A_sweep_shows_its_rates_with_their_runs_and_is_drawn_over_them()
    {
        LoadSweep sweep = await SweepAsync();
        RunRecord whole = Run(RunKind.LoadSweep, RecordedSweep.Of(sweep));
        RunRecord part = (Run(RunKind.Load, RecordedServing.Of(sweep.Points[1].Result)) with
        {
            PartOf = whole.Id,
            Config = RunConfig.Of(new JsonObject { [RecordedSweep.Axis] = sweep.Points[1].RequestsPerSecond }),
        }).Sealed();
        Table table = RunPage.Of(whole, [part]).Blocks.OfType<Table>().Single(t => t.Key is "rates");
        Assert.Equal(sweep.Points.Count, table.Rows.Count);
        Assert.Equal(["-", part.ShortId, "-"], table.Rows.Take(3).Select(r => r[^1].Text));
        Assert.Equal(sweep.Points.Select(p => p.KeepsUp ? "yes" : "no"), table.Rows.Select(r => r[^2].Text));

        RunReport report = new([whole]);
        Assert.Equal(
            ["Time to first token over the rate", "Time per output token over the rate", "Output throughput over the rate"],
            report.Plots.Select(p => p.Title));
        Assert.All(report.Plots, p => Assert.Equal(RunPlotKind.Curves, p.Kind));
        Assert.Equal(["p50", "p99"], report.Plots[0].Lines.Select(l => l.Name));
        Assert.Equal("Rates", Assert.Single(report.Parts()).Title);

        // Two sweeps: colours tell them apart, and strokes their lines.
        RunRecord other = (whole with { At = Began.AddHours(1), Name = "other" }).Sealed();
        RunPlot both = new RunReport([whole, other with { Name = "other" }]).Plots.First(p => p.Kind is RunPlotKind.Curves);
        Assert.Equal([0, 0, 1, 1], both.Lines.Select(l => l.Colour));
        Assert.Equal([RunLineStyle.Solid, RunLineStyle.Dashed], both.Lines.Take(2).Select(l => l.Style));
        Assert.Equal("other, p99", both.Lines[3].Name);
    }

    [Fact]
    public void A_watch_keeps_every_look_and_shows_when_a_latency_was_outside()
    {
        RecordedWatch watch = new(Began);
        double[] ttft = [0.1, 0.4, 0.6, 0.5, 0.1, 0.05];
        Drift[] drift = [Drift.None, Drift.Slower, Drift.Slower, Drift.Slower, Drift.None, Drift.Faster];
        WatchState state = new() { Scrapes = 7, Restarts = 1 };
        for (int i = 0; i < ttft.Length; i++)
        {
            state = Looked(ttft[i], drift[i]);
            watch.Add(new WatchEvent(Began.AddSeconds(10 * (i + 1)), WatchEventKind.Looked, state));
            watch.Add(new WatchEvent(Began.AddSeconds(10 * (i + 1)), WatchEventKind.Restarted, state)); // is no look
        }

        RecordedFigures figures = watch.Figures(state with { Alerts = [3, 0, 0, 0, 0, 0] });
        Assert.Equal(3, figures.Metrics.Single(m => m.Key is "alerts").Value);
        Assert.Equal(4.0 / 6, figures.Metrics.Single(m => m.Key is "drift_share_ttft").Value, 12);
        Assert.Equal(1000 * ttft.Average(), figures.Metrics.Single(m => m.Key is "observed_ttft_ms").Value, 9);
        Assert.DoesNotContain(figures.Metrics, m => m.Key is "observed_itl_ms");
        Assert.Equal([10, 20, 30, 40, 50, 60], figures.Series.Single(s => s.Key is RecordedWatch.Axis).Values);
        Assert.Equal([0, 1, 1, 1, 0, -1], figures.Series.Single(s => s.Key is "drift_ttft").Values);

        RunRecord run = Run(RunKind.Watch, figures);
        Table table = RunPage.Of(run, []).Blocks.OfType<Table>().Single(t => t.Key is "drifts");
        Assert.Equal(2, table.Rows.Count);
        Assert.Equal([20.0, 40.0, "TTFT", "slower", 600.0, 200.0, 50.0, 300.0, 3], table.Rows[0].Select(c => c.Value));
        Assert.Equal("faster", table.Rows[1][3].Value);

        RunPlot plot = new RunReport([run]).Plots[0];
        Assert.Equal("TTFT over time", plot.Title);
        Assert.Equal(["observed", "predicted", "expected from", "expected to"], plot.Lines.Select(l => l.Name));
    }

    [Fact]
    public void A_watch_in_which_nothing_drifted_says_so()
    {
        RecordedWatch watch = new(Began);
        WatchState state = Looked(0.1, Drift.None);
        watch.Add(new WatchEvent(Began.AddSeconds(1), WatchEventKind.Looked, state));
        Document page = RunPage.Of(Run(RunKind.Watch, watch.Figures(state)), []);
        Assert.StartsWith("No latency left its interval", page.Blocks.OfType<Sentences>().Single().Lines[0], StringComparison.Ordinal);

        // Nothing was looked at: what was read is still kept.
        RecordedFigures none = new RecordedWatch(Began).Figures(new WatchState { Scrapes = 1 });
        Assert.Empty(none.Series);
        Assert.Equal(1, none.Metrics.Single(m => m.Key is "scrapes").Value);
        Assert.DoesNotContain(RunPage.Of(Run(RunKind.Watch, none), []).Blocks, b => b.Key is "drifts");
    }

    [Fact]
    public void Of_a_long_watch_some_looks_are_kept_and_drifts_before_others()
    {
        RecordedWatch watch = new(Began);
        const int looks = 45_000, drifted = 31_117;
        for (int i = 0; i < looks; i++)
        {
            watch.Add(new WatchEvent(
                Began.AddSeconds(i), WatchEventKind.Looked, Looked(0.1, i == drifted ? Drift.Slower : Drift.None)));
        }

        RecordedFigures figures = watch.Figures(Looked(0.1, Drift.None));
        Assert.Equal(looks, figures.Metrics.Single(m => m.Key is "looks").Value);
        IReadOnlyList<double> times = figures.Series.Single(s => s.Key is RecordedWatch.Axis).Values;
        Assert.InRange(times.Count, 5_000, 10_000);
        Assert.Equal(times.Order(), times);
        Assert.Equal(drifted, times[figures.Series.Single(s => s.Key is "drift_ttft").Values.ToList().IndexOf(1)]);
    }

    [Fact]
    public void A_curve_is_parted_where_a_value_is_missing()
    {
        RunRecord run = Run(RunKind.Watch, new RecordedFigures([], [
            new RunSeries(RecordedWatch.Axis, "s", [1, 2, 3, 4, 5]),
            new RunSeries("ttft_ms", "ms", [10, 20, double.NaN, 40, 50], RecordedWatch.Axis)]));
        RunReport report = new([run]);
        var svg = XDocument.Parse(RunPlotSvg.File(report));
        XNamespace space = "http://www.w3.org/2000/svg";
        string path = svg.Descendants(space + "path").Single(p => (string?)p.Attribute("class") is "s0").Attribute("d")!.Value;
        Assert.Equal(2, path.Count(c => c is 'M'));
        Assert.Equal(2, path.Count(c => c is 'L'));
        Assert.Equal(4, svg.Descendants(space + "circle").Count(c => (string?)c.Attribute("r") is "3"));
        Assert.DoesNotContain("NaN", svg.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", RunReportHtml.Of(report).Split("<script>")[0], StringComparison.Ordinal);
    }

    // Ten requests a second are answered, each in a tenth of a second.
    private static Task<LoadSweep> SweepAsync() => LoadSweep.RunAsync(
        rate =>
        {
            double free = 0;
            RequestTimeline[] timelines = [.. Enumerable.Range(0, 200).Select(i =>
            {
                free = Math.Max(i / rate, free) + 0.1;
                return new RequestTimeline
                {
                    Id = i,
                    ArrivalSeconds = i / rate,
                    FinishSeconds = free,
                    FinishReason = FinishReason.Length,
                    PromptTokens = 10,
                    Deliveries = [new TokenDelivery(free - 0.05, 1), new TokenDelivery(free, 1)],
                };
            })];
            return Task.FromResult(new LoadResult
            {
                Report = new Measured<ServingReport>(
                    ServingReport.Of(timelines), new MeasurementSource("a service", Began, timelines.Length)),
                Timelines = timelines,
                Asked = null!,
                WarmUp = WarmUp.None,
                Errors = [],
                Lateness = MetricSummary.Of([0.0])!,
            });
        },
        2);

    private static WatchState Looked(double ttft, Drift drift) => new()
    {
        IsUp = true,
        Load = new ObservedLoad
        {
            Program = WatchedPrograms.All[0],
            Seconds = 10,
            Scrapes = 2,
            RequestsPerSecond = 2,
            Latencies = [new ObservedLatency(WatchedLatency.TimeToFirstToken, ttft, 20)],
        },
        Predicted = new PredictedLoad(
            [new WatchedFigure(WatchedLatency.TimeToFirstToken, ttft, 0.2, new Interval(0.05, 0.3), drift)], null, null, false),
    };

    private static RunRecord Run(RunKind kind, RecordedFigures figures) => new RunRecord
    {
        Kind = kind,
        Arm = RunArm.Measured,
        At = Began,
        Model = "m",
        On = "localhost:8000",
        Config = RunConfig.Of(new JsonObject { ["command"] = "x" }),
        Product = "0.1.0",
        Metrics = figures.Metrics,
        Series = figures.Series,
    }.Sealed();
}
