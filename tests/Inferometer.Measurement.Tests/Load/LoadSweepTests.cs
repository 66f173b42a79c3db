using Inferometer.Core;
using Inferometer.Core.Origins;
using Inferometer.Measurement.Load;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Tests.Load;

/// <summary>The highest rate that a service keeps up with: one that answers a request after the other, in a tenth of a second.</summary>
public sealed class LoadSweepTests
{
    private const double SecondsEach = 0.1;
    private const int Requests = 400;

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    public async Task The_rate_is_found_from_below_and_from_above(double first)
    {
        LoadSweep sweep = await LoadSweep.RunAsync(
            rate => Task.FromResult(Served(rate)), first, TestContext.Current.CancellationToken);

        // Ten requests a second are answered; a twentieth of backlog in the second half is let pass, and the rate is closed in to 4.4 %.
        Assert.InRange(sweep.Knee!.RequestsPerSecond, 10 / 1.05, 10 * 1.06);
        Assert.Equal(sweep.Points.Select(p => p.RequestsPerSecond).Order(), sweep.Points.Select(p => p.RequestsPerSecond));
        Assert.All(sweep.Points, p => Assert.Equal(p.RequestsPerSecond <= sweep.Knee.RequestsPerSecond, p.KeepsUp));
    }

    // All 400 requests of a rate of 500 come within 0.8 s, and one in ten a second is answered: no more may be said to be kept up with.
    [Fact]
    public void No_more_is_kept_up_with_than_was_answered_and_a_short_load_is_told()
    {
        Measurement.Load.LoadPoint fast = new(500, Served(500), true), slow = new(5, Served(5), true);
        Assert.InRange(fast.AnsweredPerSecond, 9, 10);
        Assert.InRange(slow.AnsweredPerSecond, 4.9, 5);
        Assert.Equal((true, false), (fast.IsShort, slow.IsShort));
        Assert.Equal(1001, fast.EnoughRequests);
    }

    [Fact]
    public async Task A_level_that_is_missed_is_not_kept_up_with()
    {
        LoadSweep sweep = await LoadSweep.RunAsync(
            rate => Task.FromResult(Served(rate, Slo.Parse("ttft:50ms"))), 8, // every answer takes 100 ms
            TestContext.Current.CancellationToken);
        Assert.Null(sweep.Knee);
        Assert.Equal(7, sweep.Points.Count);
    }

    [Fact]
    public async Task A_rate_at_which_everything_fails_does_not_lose_the_others()
    {
        LoadSweep sweep = await LoadSweep.RunAsync(
            rate => rate > 5 ? throw new InferometerException("all 400 requests failed: full") : Task.FromResult(Served(rate)), 2,
            TestContext.Current.CancellationToken);
        Assert.InRange(sweep.Knee!.RequestsPerSecond, 4, 5);
        Assert.All(sweep.Failed, f => Assert.True(f.RequestsPerSecond > 5 && f.Error.EndsWith("full", StringComparison.Ordinal)));
        Assert.NotEmpty(sweep.Failed);
        Assert.Equal("gone", (await Assert.ThrowsAsync<InferometerException>(
            () => LoadSweep.RunAsync(
                _ => throw new InferometerException("gone"), 1, TestContext.Current.CancellationToken))).Message);
    }

    [Theory]
    [InlineData(1, null, null)]
    [InlineData(3, 4.0, null)]
    [InlineData(5, 8.0, 16.0)]
    public async Task A_sweep_that_is_stopped_keeps_the_rates_that_ended_and_says_between_which_the_highest_lies(
        int stopsAt, double? above, double? below)
    {
        using CancellationTokenSource stop = new();
        int loads = 0;
        LoadSweep sweep = await LoadSweep.RunAsync(
            rate =>
            {
                loads++;
                if (loads == stopsAt)
                {
                    stop.Cancel();
                    return Task.FromResult(Served(rate) with { IsStoppedEarly = true });
                }

                return Task.FromResult(Served(rate));
            }, 2, stop.Token);
        Assert.Equal(stopsAt, loads);
        Assert.Equal(stopsAt - 1, sweep.Points.Count);
        Assert.Equal((above, below), (sweep.Above, sweep.Below));
        Assert.NotNull(sweep.StoppedAt);
        Assert.NotNull(sweep.CutShort);
        Assert.DoesNotContain(sweep.Points, p => p.RequestsPerSecond == sweep.StoppedAt);
    }

    [Fact]
    public async Task A_sweep_that_is_stopped_before_anything_was_answered_is_cancelled()
    {
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => LoadSweep.RunAsync(_ => throw new OperationCanceledException(stop.Token), 1, stop.Token));
    }

    private static LoadResult Served(double rate, Slo? slo = null)
    {
        RequestTimeline[] timelines = new RequestTimeline[Requests];
        double free = 0;
        for (int i = 0; i < Requests; i++)
        {
            double due = i / rate;
            free = Math.Max(due, free) + SecondsEach;
            timelines[i] = new RequestTimeline
            {
                Id = i,
                ArrivalSeconds = due,
                FinishSeconds = free,
                FinishReason = FinishReason.Length,
                PromptTokens = 10,
                Deliveries = [new TokenDelivery(free, 1)],
            };
        }

        return new LoadResult
        {
            Report = new Measured<ServingReport>(
                ServingReport.Of(timelines, slo), new MeasurementSource("test", DateTimeOffset.UnixEpoch, Requests)),
            Timelines = timelines,
            Asked = ArrivalTrace.Constant(Requests, rate, 10, 1),
            WarmUp = WarmUp.None,
            Errors = [],
            Lateness = MetricSummary.Of([0])!,
        };
    }
}
