using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Measurement.Watch;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Tests.Watch;

/// <summary>What is told of a service that is watched.</summary>
public sealed class ServiceWatchTests
{
    private static readonly WatchOptions Quick =
        new() { Interval = TimeSpan.FromSeconds(10), Window = TimeSpan.FromSeconds(30) };

    [Fact]
    public void What_keeps_to_the_prediction_is_within_and_what_does_not_is_told_by_its_direction()
    {
        WatchedDeployment deployment = Deployment("h100", null);
        ObservedLoad load = Observed(0.02, 0.01);
        PredictedLoad first = deployment.Predict(load, 20, TestContext.Current.CancellationToken)!;
        double ttft = Predicted(first, WatchedLatency.TimeToFirstToken), tpot = Predicted(first, WatchedLatency.TimePerOutputToken);

        Assert.Equal([Drift.None, Drift.None, Drift.None], Drifts(ttft, tpot));
        Assert.Equal([Drift.Slower, Drift.None], Drifts(20 * ttft, tpot)[..2]);
        Assert.Equal([Drift.None, Drift.Faster], Drifts(ttft, tpot / 20)[..2]);
        Assert.Equal(Drift.Slower, Drifts(20 * ttft, 20 * tpot)[2]);

        // Few requests say nothing.
        PredictedLoad few = deployment.Predict(Observed(20 * ttft, tpot), 1000, TestContext.Current.CancellationToken)!;
        Assert.All(few.Figures, f => Assert.Equal(Drift.Unknown, f.Drift));
        Assert.False(first.IsOverloaded);
        Assert.InRange(first.InSystem!.Value, 1e-3, 10);

        Drift[] Drifts(double firstToken, double perToken) =>
        [
            .. deployment.Predict(Observed(firstToken, perToken), 20, TestContext.Current.CancellationToken)!.Figures
                .Where(f => f.Latency is WatchedLatency.TimeToFirstToken or WatchedLatency.TimePerOutputToken or WatchedLatency.EndToEnd)
                .Select(f => f.Drift),
        ];
    }

    [Fact]
    public void A_tolerance_stands_in_place_of_what_the_cost_model_knows()
    {
        PredictedLoad wide = Deployment("h100", 9).Predict(Observed(0.02, 0.01), 20, TestContext.Current.CancellationToken)!;
        PredictedLoad narrow = Deployment("h100", 0.01).Predict(Observed(0.02, 0.01), 20, TestContext.Current.CancellationToken)!;
        WatchedFigure far = wide.Figures[(int)WatchedLatency.TimePerOutputToken], near =
            narrow.Figures[(int)WatchedLatency.TimePerOutputToken];
        Assert.Equal(far.PredictedSeconds, near.PredictedSeconds);
        Assert.True(far.Interval!.Value.High > 9 * far.PredictedSeconds);
        Assert.InRange(near.Interval!.Value.High / near.PredictedSeconds!.Value, 1.01, 1.5);
        Assert.Null(wide.Figures[(int)WatchedLatency.Queue].Interval);
    }

    [Fact]
    public void An_overload_is_said_and_no_time_is_too_long_in_it()
    {
        ObservedLoad load = Observed(50, 1) with { RequestsPerSecond = 5000, Requests = 1000 };
        PredictedLoad predicted = Deployment("h100", null).Predict(load, 20, TestContext.Current.CancellationToken)!;
        Assert.True(predicted.IsOverloaded);
        Assert.DoesNotContain(predicted.Figures, f => f.Drift is Drift.Slower);
    }

    [Fact]
    public async Task Drift_is_told_when_it_begins_and_when_it_ends()
    {
        // 25 requests between pages: the first ones as fast as is allowed, then slow ones, then fast ones again.
        WatchedDeployment deployment = Deployment("h100", 9);
        double[] each = [0.02, 0.02, 100, 100, 0.02];
        double sum = 0;
        int page = 0;
        List<WatchEvent> told = [];
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        ServiceWatch watch = new(
            _ =>
            {
                int now = Math.Min(page++, each.Length - 1);
                sum += 25 * each[now];
                int requests = 25 * page;
                return Task.FromResult(Pages.Vllm(requests, sum / requests, 1e-4));
            },
            "test", deployment, Quick with { Window = TimeSpan.FromSeconds(10) }, new SteppedTime())
        { Aside = AtOnce };
        await watch.RunAsync(null, false, happened =>
        {
            told.Add(happened);
            if (happened is { Kind: WatchEventKind.DriftEnded, Figure.Latency: WatchedLatency.TimeToFirstToken } || told.Count > 500)
            {
                stop.Cancel();
            }
        }, stop.Token);

        WatchEvent began = told.First(e => e is { Kind: WatchEventKind.DriftBegan, Figure.Latency: WatchedLatency.TimeToFirstToken });
        Assert.Equal(Drift.Slower, began.Figure!.Drift);
        Assert.Contains(told, e => e is { Kind: WatchEventKind.DriftEnded, Figure.Latency: WatchedLatency.TimeToFirstToken });
        Assert.Equal(1, watch.State.Alerts[(int)WatchedLatency.TimeToFirstToken]);
    }

    // Slow pages, a loss, a page of few requests, then slow ones again: one drift, whose end nobody saw.
    [Fact]
    public async Task A_loss_ends_no_drift_and_keeps_what_was_seen_last()
    {
        int page = 0;
        List<WatchEvent> told = [];
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        ServiceWatch watch = new(
            _ => page++ switch
            {
                0 => Task.FromResult(Pages.Vllm(0)),
                1 => Task.FromResult(Pages.Vllm(200, 100)),
                2 or 3 => throw new InferometerException("nobody there"),
                4 => Task.FromResult(Pages.Vllm(200, 100)),
                5 => Task.FromResult(Pages.Vllm(201, 100)),
                6 => Task.FromResult(Pages.Vllm(400, 100)),
                _ => throw new InferometerException("nobody there"),
            },
            "test", Deployment("h100", 9), Quick with { Window = TimeSpan.FromSeconds(10) }, new SteppedTime())
        { Aside = AtOnce };
        await watch.RunAsync(null, false, happened =>
        {
            told.Add(happened);
            if (told.Count(e => e.Kind is WatchEventKind.Lost) == 2)
            {
                stop.Cancel();
            }
        }, stop.Token);

        WatchEvent lost = told.First(e => e.Kind is WatchEventKind.Lost);
        Assert.Equal(lost.At, lost.State.LostSince);
        Assert.True(lost.State is { IsUp: false, IsOutdated: true, Load.Requests: 200 });
        Assert.Contains(lost.State.Drifting, f => f.Latency is WatchedLatency.TimeToFirstToken);
        WatchState returned = told.First(e => e.Kind is WatchEventKind.Returned).State;
        Assert.True(returned is { IsOutdated: true, LostSince: null, IsUp: true });
        Assert.Contains(told, e => e.Kind is WatchEventKind.Looked && e.State.Drifting.All(f =>
            f.Latency is not WatchedLatency.TimeToFirstToken)); // of few requests nothing is said
        Assert.Single(told, e => e is { Kind: WatchEventKind.DriftBegan, Figure.Latency: WatchedLatency.TimeToFirstToken });
        Assert.DoesNotContain(told, e => e.Kind is WatchEventKind.DriftEnded);
        Assert.Equal(1, watch.State.Alerts[(int)WatchedLatency.TimeToFirstToken]);
    }

    [Fact]
    public async Task A_service_that_goes_away_and_comes_back_begins_anew()
    {
        Queue<Func<string>> script = new(
        [
            () => Pages.Vllm(10), () => Pages.Vllm(20), Away, Away, () => Pages.Vllm(2), () => Pages.Vllm(9), () => "<html>", () =>
                Pages.Vllm(12), () => Pages.Vllm(14), () => Pages.Vllm(1),
        ]);
        List<WatchEvent> told = [];
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        ServiceWatch watch = new(
            _ =>
            {
                if (script.Count == 0)
                {
                    stop.Cancel();
                    throw new OperationCanceledException(stop.Token);
                }

                return Task.FromResult(script.Dequeue()());
            },
            "test", null, Quick, new SteppedTime())
        { Aside = AtOnce };
        await watch.RunAsync(null, false, told.Add, stop.Token);

        Assert.Equal(
            [
                WatchEventKind.Looked, WatchEventKind.Lost, WatchEventKind.Returned, WatchEventKind.Looked, WatchEventKind.Lost,
                WatchEventKind.Returned, WatchEventKind.Looked, WatchEventKind.Restarted,
            ],
            told.Select(e => e.Kind));
        Assert.Equal([10, 7, 2], told.Where(e => e.Kind is WatchEventKind.Looked).Select(e => (int)e.State.Load!.Requests!));
        Assert.Equal((7, 3, 1), (watch.State.Scrapes, watch.State.Failures, watch.State.Restarts));
        Assert.True(watch.State is { IsOutdated: true, LostSince: null });
        Assert.Equal(2, (int)watch.State.Load!.Requests!);
        Assert.Contains("nobody there", told[1].State.Error, StringComparison.Ordinal);

        static string Away() => throw new InferometerException("nobody there");
    }

    [Fact]
    public async Task A_service_that_never_answers_is_an_error_at_the_end_and_at_once_where_one_look_is_wanted()
    {
        ServiceWatch watch = new(
            _ => throw new InferometerException("nobody there"), "http://x/metrics", null, Quick, new SteppedTime())
        { Aside = AtOnce };
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(
            () => watch.RunAsync(TimeSpan.FromSeconds(60), false, _ => { }, TestContext.Current.CancellationToken));
        Assert.Contains("nobody there", error.Message, StringComparison.Ordinal);
        Assert.Equal(7, watch.State.Failures);

        ServiceWatch once = new(
            _ => throw new InferometerException("nobody there"), "http://x/metrics", null, Quick, new SteppedTime())
        { Aside = AtOnce };
        await Assert.ThrowsAsync<InferometerException>(
            () => once.RunAsync(TimeSpan.FromHours(1), true, _ => { }, TestContext.Current.CancellationToken));
        Assert.Equal(0, once.State.Failures);
    }

    // A prediction that takes several intervals: pages are read all the while, and what is shown last is of the whole window.
    [Fact]
    public async Task Pages_are_read_when_they_are_due_while_a_look_takes_its_time()
    {
        TaskCompletionSource slow = new(TaskCreationOptions.RunContinuationsAsynchronously);
        List<WatchEvent> told = [];
        int page = 0, looks = 0;
        ServiceWatch watch = new(
            _ =>
            {
                if (++page == 6)
                {
                    Assert.Empty(told);
                    slow.SetResult();
                }

                return Task.FromResult(Pages.Vllm(10 * page));
            },
            "test", null, Quick, new SteppedTime())
        {
            Aside = async (look, _) =>
            {
                if (looks++ == 0)
                {
                    await slow.Task;
                }

                look();
            },
        };
        await watch.RunAsync(TimeSpan.FromSeconds(60), false, told.Add, TestContext.Current.CancellationToken);
        Assert.Equal(7, page);
        Assert.Equal((2, 4), (told[0].State.Load!.Scrapes, watch.State.Load!.Scrapes));
        Assert.Equal(30, watch.State.Load.Seconds, 1);
        Assert.True(told.Count is 2 or 3, "no look stands in line behind another");
    }

    private static Task AtOnce(Action look, CancellationToken cancellationToken)
    {
        look();
        return Task.CompletedTask;
    }

    private static ObservedLoad Observed(double firstToken, double perToken)
    {
        LoadWindow window = new(TimeSpan.FromMinutes(5), null);
        window.Add(Scrape.Read(Pages.Vllm(0), TimeSpan.Zero, null, "test"));
        window.Add(Scrape.Read(Pages.Vllm(200, firstToken, perToken), TimeSpan.FromMinutes(4), null, "test"));
        return window.Observe();
    }

    private static double Predicted(PredictedLoad load, WatchedLatency latency) =>
        load.Figures.Single(f => f.Latency == latency).PredictedSeconds!.Value;

    private static WatchedDeployment Deployment(string system, double? tolerance) => new(
        CostModels.Find(CostModels.Default, "test").Prepare(new EstimateRequest
        {
            Architecture = ModelCatalog.BuiltIn.Resolve("llama-3.1-8b"),
            System = HardwareCatalog.BuiltIn.Resolve(system),
            Workload = new Workload { InputTokens = 64, OutputTokens = 8 },
        }),
        new ServingSimulationOptions(), tolerance);
}
