using FsCheck;
using FsCheck.Fluent;
using Inferometer.Core;
using Inferometer.Core.Origins;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Serving.Tests;

public sealed class ServingRecorderTests
{
    private sealed record Load(int Seed, int Requests, int Rate, int Blocks, int Drafts);

    private static Arbitrary<Load> Loads { get; } = (
        from seed in Gen.Choose(0, 1_000_000)
        from requests in Gen.Choose(1, 40)
        from rate in Gen.Choose(1, 40)
        from blocks in Gen.Choose(12, 64)
        from drafts in Gen.Choose(0, 3)
        select new Load(seed, requests, rate, blocks, drafts)).ToArbitrary();

    private static ArrivalTrace ThreeRequests { get; } = new(
    [
        new() { Seconds = 0, InputTokens = 10, OutputTokens = 3 },
        new() { Seconds = 0.05, InputTokens = 10, OutputTokens = 2 },
        new() { Seconds = 0.5, InputTokens = 4, OutputTokens = 1 },
    ]);

    // The clock counts picoseconds, upwards, and shows them as a double.
    [Fact]
    public void Who_is_admitted_on_arrival_has_not_waited()
    {
        VirtualClock clock = new();
        Random random = new(3);
        for (double seconds = 0.1; seconds < 5e6; seconds *= 1 + (0.01 * random.NextDouble()))
        {
            clock.AdvanceTo(seconds);
            RequestOutcome request = new()
            {
                ArrivalSeconds = seconds,
                AdmittedSeconds = clock.Seconds,
                FinishSeconds = clock.Seconds,
                FinishReason = FinishReason.Length,
                PromptTokens = 1,
            };
            Assert.Equal(0, request.QueueSeconds);
            Assert.Equal(1e-6, (request with { AdmittedSeconds = seconds + 1e-6 }).QueueSeconds, 1e-9);
            Assert.True(double.IsNaN((request with { AdmittedSeconds = double.NaN }).QueueSeconds));
        }
    }

    /// <summary>
    /// Steps of 0.1 s. The first: tokens at 0.1, 0.2, 0.3. The second waits for the end of the first step: tokens at 0.2, 0.3. The
    /// third comes into an empty system at 0.5: one token at 0.6.
    /// </summary>
    [Fact]
    public void A_served_trace_reports_what_is_computed_by_hand()
    {
        ServingRecorder recorder = new(new ServingRecorderOptions { Slo = Slo.Parse("ttft<120ms") });
        new TraceReplay(recorder).Run(ThreeRequests);
        ServingReport report = recorder.Predicted("fixed steps").Value;
        Assert.Equal((3, 0, 24, 6, 0), (report.Completed, report.Rejected, report.PromptTokens, report.OutputTokens, report.WastedTokens));
        Assert.Equal(3, report.FinishedBy[FinishReason.Length]);
        Assert.Equal(0.6, report.DurationSeconds, 9);
        Assert.Equal(5, report.RequestsPerSecond, 9);
        Assert.Equal(10, report.OutputTokensPerSecond, 9);
        Assert.Equal(50, report.TotalTokensPerSecond, 9);
        Assert.Equal(0.65 / 0.6, report.MeanRequestsInSystem, 9);
        CheckSummary(report.TimeToFirstToken, 3, mean: 0.35 / 3, p50: 0.1, p90: 0.14, p95: 0.145, p99: 0.149);
        CheckSummary(report.TimePerOutputToken, 2, 0.1, 0.1, 0.1, 0.1, 0.1);
        CheckSummary(report.InterTokenLatency, 3, 0.1, 0.1, 0.1, 0.1, 0.1);
        CheckSummary(report.EndToEnd, 3, mean: 0.65 / 3, p50: 0.25, p90: 0.29, p95: 0.295, p99: 0.299);
        CheckSummary(report.Queue, 3, mean: 0.05 / 3, p50: 0, p90: 0.04, p95: 0.045, p99: 0.049);
        Assert.Equal(Math.Sqrt(0.026 / 3.6), report.EndToEnd!.StandardDeviation, 9);
        Assert.Equal(2, report.Goodput!.Requests);
        Assert.Equal(2 / 0.6, report.Goodput.RequestsPerSecond, 9);
        Assert.Equal(4 / 0.6, report.Goodput.OutputTokensPerSecond, 9);
        Assert.Equal(2.0 / 3, report.Goodput.Attainment, 9);
        Assert.Equal((4, 0.4), (recorder.Steps, Math.Round(recorder.StepSeconds, 9)));
    }

    [Fact]
    public void Timelines_hold_what_each_request_went_through()
    {
        ServingRecorder recorder = new();
        new TraceReplay(recorder).Run(ThreeRequests);
        RequestTimeline[] timelines = [.. recorder.Timelines];
        Assert.Equal([0, 1, 2], timelines.Select(t => t.Id));
        Assert.Equal([0.1, 0.2, 0.3], timelines[0].TokenSeconds.Select(t => Math.Round(t, 9)));
        Assert.Equal([0.2, 0.3], timelines[1].TokenSeconds.Select(t => Math.Round(t, 9)));
        Assert.Equal(0.05, timelines[1].QueueTime!.Value, 9);
        Assert.Equal(0.15, timelines[1].TimeToFirstToken!.Value, 9);
        Assert.Null(timelines[2].TimePerOutputToken);
        Assert.Empty(timelines[2].InterTokenLatencies);
    }

    [Fact]
    public void The_same_run_is_measured_or_predicted_by_what_is_asked_of_it_and_says_so_in_its_type()
    {
        ServingRecorder recorder = new();
        new TraceReplay(recorder).Run(ThreeRequests);
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddDays(1);
        Measured<ServingReport> measured = recorder.Measured("a laptop", now);
        Predicted<ServingReport> predicted = recorder.Predicted("roofline");
        Assert.Equal(new MeasurementSource("a laptop", now, 3), measured.Source);
        Assert.Equal("roofline", predicted.Model);
        Assert.Equal(measured.Value.TimeToFirstToken, predicted.Value.TimeToFirstToken);
    }

    [Fact]
    public void Tokens_of_a_speculative_round_come_together_and_count_as_one_gap()
    {
        ServingRecorder recorder = new();
        TraceReplay replay = new(recorder, drafts: 2, accepted: chunk => chunk.DraftTokens);
        replay.Run(ArrivalTrace.Constant(1, 1, inputTokens: 5, outputTokens: 7));
        RequestTimeline timeline = recorder.Timelines.Single();
        Assert.Equal([1, 3, 3], timeline.Deliveries.Select(d => d.Tokens));
        Assert.Equal([0.1, 0.1], timeline.InterTokenLatencies.Select(t => Math.Round(t, 9)));
        Assert.Equal(0.2 / 6, timeline.TimePerOutputToken!.Value, 9);
    }

    [Fact]
    public void Requests_in_system_over_time_are_rate_times_time_in_system_and_nothing_is_lost()
    {
        Prop.ForAll(Loads, load =>
        {
            Random random = new(load.Seed);
            ServingRecorder recorder = new(new ServingRecorderOptions { Slo = Slo.Parse("ttft<400ms,itl<150ms,tpot<120ms,e2e<2s") });
            SchedulerOptions options = new() { AdmissionReserve = 0, MaxSequences = 6, MaxTokensPerStep = 64, MaxSequenceTokens = 180 };
            TraceReplay replay = new(recorder, options, load.Blocks, drafts: load.Drafts, accepted: c => random.Next(c.DraftTokens + 1));
            int input = random.Next(1, 90);
            int output = random.Next(1, 60);
            ArrivalTrace trace = ArrivalTrace.Poisson(load.Requests, load.Rate, input, output, load.Seed);
            replay.Run(
                trace,
                arrival => TraceReplay.ToRequest(arrival) with
                {
                    DeadlineSeconds = random.Next(5) == 0 ? arrival.Seconds + random.NextDouble() : null,
                },
                () => CancelOne(replay, random));
            ServingReport report = recorder.Predicted("fixed steps").Value;
            SchedulerStatistics counts = replay.Scheduler.Statistics;
            RequestTimeline[] timelines = [.. recorder.Timelines];
            Assert.Equal(0, recorder.UnderWay);
            Assert.Equal(counts.Submitted, report.FinishedBy.Values.Sum());
            Assert.Equal((counts.Completed, counts.Rejected), (report.Completed, report.Rejected));
            Assert.Equal(counts.GeneratedTokens, report.OutputTokens + report.WastedTokens);
            Assert.Equal(counts.Preemptions, report.Preemptions);
            Assert.Equal(replay.RequestSeconds, report.MeanRequestsInSystem * report.DurationSeconds, 6);
            Assert.All(timelines, CheckTimeline);
            Assert.Equal(timelines.Count(report.Goodput!.Slo.IsKeptBy), report.Goodput.Requests);
            ServingReport again = ServingReport.Of(timelines, report.Goodput.Slo);
            Assert.Equal(report.FinishedBy, again.FinishedBy);
            Assert.Equal(report with { FinishedBy = again.FinishedBy }, again);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_bounded_recorder_keeps_exact_counts_and_means_and_a_sample_for_the_percentiles()
    {
        ArrivalTrace trace = ArrivalTrace.Poisson(400, 20, inputTokens: 10, outputTokens: 8, seed: 3);
        ServingRecorder all = new();
        ServingRecorder bounded = new(new ServingRecorderOptions { MaxTimelines = 5, MaxSamples = 100 });
        new TraceReplay(all).Run(trace);
        new TraceReplay(bounded).Run(trace);
        MetricSummary expected = all.Predicted("m").Value.TimeToFirstToken!;
        MetricSummary sampled = bounded.Predicted("m").Value.TimeToFirstToken!;
        Assert.Equal((400, 400, 100), (expected.Count, sampled.Count, sampled.Kept));
        Assert.Equal((expected.Mean, expected.Max), (sampled.Mean, sampled.Max));
        Assert.Equal(expected.P50, sampled.P50, expected.StandardDeviation);
        Assert.Equal(all.Timelines.Skip(395).Select(t => t.Id), bounded.Timelines.Select(t => t.Id));
    }

    [Fact]
    public void Recording_a_token_allocates_nothing_once_warm()
    {
        ServingRecorder recorder = new(ServingRecorderOptions.Bounded);
        BlockPool pool = new(new() { BlockCount = 64, BlockSize = 64, PrefixCaching = false });
        VirtualClock clock = new();
        Scheduler scheduler = new(new SchedulerOptions(), pool, clock) { Observer = recorder };
        FixedStepExecutor executor = new(clock, 0.01);
        long bytes = 0;
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < 8; i++)
            {
                Assert.True(scheduler.TrySubmit(new SequenceRequest { Prompt = new int[20], MaxNewTokens = 200 }, out _, out _));
            }

            for (int step = 0; step < 10; step++)
            {
                scheduler.Step(executor, CancellationToken.None);
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int step = 0; step < 150; step++)
            {
                scheduler.Step(executor, CancellationToken.None);
            }

            bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            while (scheduler.HasWork)
            {
                scheduler.Step(executor, CancellationToken.None);
            }
        }

        Assert.Equal(0, bytes);
        Assert.Equal(3200, recorder.Predicted("m").Value.OutputTokens);
        Assert.Empty(recorder.Timelines);
    }

    [Fact]
    public void Refused_requests_and_forks_are_no_requests_of_the_report()
    {
        ServingRecorder recorder = new();
        TraceReplay replay = new(recorder, new SchedulerOptions { MaxSequenceTokens = 12 });
        Assert.False(replay.Scheduler.TrySubmit(new SequenceRequest { Prompt = new int[20] }, out _, out _));
        SequenceRequest request = new() { Prompt = new int[10], MaxNewTokens = 2 };
        Assert.True(replay.Scheduler.TrySubmit(request, out Sequence? sequence, out _));
        Sequence fork = replay.Scheduler.Fork(sequence, null);
        replay.Run(new ArrivalTrace([]));
        ServingReport report = recorder.Predicted("m").Value;
        Assert.True(fork.IsFork && !sequence.IsFork);
        Assert.Equal((1, 1, 2), (report.Completed, report.Rejected, report.OutputTokens));
    }

    [Fact]
    public void A_report_of_nothing_holds_zeros_and_no_summaries()
    {
        ServingReport report = new ServingRecorder().Predicted("m").Value;
        Assert.Equal((0, 0, 0), (report.Completed, report.RequestsPerSecond, report.MeanRequestsInSystem));
        Assert.Null(report.TimeToFirstToken);
        Assert.Empty(report.FinishedBy);
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        Assert.Contains("MaxSamples is 0", Throws(new() { MaxSamples = 0 }), StringComparison.Ordinal);
        Assert.Contains("MaxTimelines is -1", Throws(new() { MaxTimelines = -1 }), StringComparison.Ordinal);
    }

    private static string Throws(ServingRecorderOptions options) =>
        Assert.Throws<InferometerException>(() => new ServingRecorder(options)).Message;

    private static void CancelOne(TraceReplay replay, Random random)
    {
        if (random.Next(40) == 0 && replay.Sequences.Count > 0)
        {
            replay.Scheduler.Cancel(replay.Sequences[random.Next(replay.Sequences.Count)]);
        }
    }

    private static void CheckTimeline(RequestTimeline timeline)
    {
        Assert.True(!(timeline.QueueTime < 0));
        if (timeline.TimeToFirstToken is not { } first)
        {
            return;
        }

        Assert.True(timeline.FirstTokenSeconds > timeline.AdmittedSeconds);
        Assert.Equal(timeline.EndToEndTime!.Value, first + ((timeline.OutputTokens - 1) * (timeline.TimePerOutputToken ?? 0)), 6);
        Assert.Equal(timeline.EndToEndTime.Value, first + timeline.InterTokenLatencies.Sum(), 6);
        Assert.Equal(timeline.OutputTokens, timeline.TokenSeconds.Count());
    }

    private static void CheckSummary(MetricSummary? summary, long count, double mean, double p50, double p90, double p95, double p99)
    {
        Assert.NotNull(summary);
        Assert.Equal(count, summary.Count);
        double[] expected = [mean, p50, p90, p95, p99];
        double[] actual = [summary.Mean, summary.Median, summary.P90, summary.P95, summary.P99];
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 9));
    }
}
