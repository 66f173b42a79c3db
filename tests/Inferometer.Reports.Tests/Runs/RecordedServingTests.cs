using Inferometer.Core.Origins;
using Inferometer.History.Records;
using Inferometer.Measurement.Load;
using Inferometer.Reports.Runs;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Simulation.Serving;

namespace Inferometer.Reports.Tests.Runs;

public sealed class RecordedServingTests
{
    private const int WarmUpRequests = 10;

    [Fact]
    public void Figures_of_latencies_come_from_the_requests_that_were_measured()
    {
        LoadResult result = Result(60);
        RecordedFigures figures = RecordedServing.Of(result);
        ServingReport report = result.Report.Value;
        RunSeries ttft = figures.Series.Single(s => s.Key is "ttft_ms");
        Assert.Equal(50, ttft.Values.Count);
        Assert.Equal(report.TimeToFirstToken!.Mean * 1000, ttft.Values.Average(), 1e-6);
        foreach (string latency in (string[])["ttft", "tpot", "e2el"])
        {
            foreach ((string prefix, Statistic statistic) in (
                (string, Statistic)[])[("mean", Statistic.Mean), ("median", Statistic.Median), ("p99", Statistic.P99)])
            {
                RunMetric figure = figures.Metrics.Single(m => string.Equals(m.Key, $"{prefix}_{latency}_ms", StringComparison.Ordinal));
                Assert.Equal(($"{latency}_ms", statistic, Better.Lower), (figure.Series, figure.Statistic, figure.Better));
            }
        }
    }

    [Fact]
    public void Throughputs_are_the_means_of_equal_stretches_of_time()
    {
        LoadResult result = Result(110);
        RecordedFigures figures = RecordedServing.Of(result);
        foreach ((string key, double value) in ((string, double)[])
        [
            ("request_throughput", result.Report.Value.RequestsPerSecond), ("output_throughput", result.Report.Value.OutputTokensPerSecond),
            ("total_token_throughput", result.Report.Value.TotalTokensPerSecond),
        ])
        {
            RunMetric figure = figures.Metrics.Single(m => string.Equals(m.Key, key, StringComparison.Ordinal));
            RunSeries stretches = figures.Series.Single(s => string.Equals(s.Key, figure.Series, StringComparison.Ordinal));
            Assert.Equal(20, stretches.Values.Count);
            Assert.Equal(value, stretches.Values.Average(), 1e-6 * value);
        }
    }

    [Fact]
    public void Of_many_requests_some_are_kept()
    {
        RecordedFigures figures = RecordedServing.Of(Result(25_010));
        Assert.Equal(8_334, figures.Series.Single(s => s.Key is "ttft_ms").Values.Count); // every third of 25,000
    }

    // A request a tenth of a second, with latencies that rise and fall.
    private static LoadResult Result(int requests)
    {
        RequestTimeline[] timelines = [.. Enumerable.Range(0, requests).Select(i =>
        {
            double arrival = i * 0.1, first = arrival + 0.02 + (0.001 * (i % 7)), gap = 0.01 + (0.0001 * (i % 5));
            return new RequestTimeline
            {
                Id = i,
                ArrivalSeconds = arrival,
                FinishSeconds = first + (3 * gap),
                FinishReason = FinishReason.Length,
                PromptTokens = 8,
                Deliveries = [.. Enumerable.Range(0, 4).Select(k => new TokenDelivery(first + (k * gap), 1))],
            };
        })];
        var report = ServingReport.Of(timelines[WarmUpRequests..]);
        return new LoadResult
        {
            Report = new Measured<ServingReport>(report, new MeasurementSource("a service", DateTimeOffset.UnixEpoch, report.Completed)),
            Timelines = timelines,
            Asked = null!,
            WarmUp = new WarmUp(WarmUpRequests, 0),
            Errors = [],
            Lateness = MetricSummary.Of([0.0])!,
        };
    }
}
