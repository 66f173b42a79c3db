using System.Net;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Measurement.Watch;
using Inferometer.Server.Tests.Metrics;
using Inferometer.Server.Watching;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Serving;

namespace Inferometer.Server.Tests.Watching;

/// <summary>The metrics of a watch, of a server of ours that is asked while it is watched.</summary>
[Collection(EngineTests.Name)]
public sealed class WatchServerTests(EngineFixture fixture)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Our_own_server_is_watched_and_promtool_has_nothing_to_say_of_the_page()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        using MetricsScraper scraper = new(server.Server.Address, TimeSpan.FromSeconds(30));
        WatchOptions options =
            new() { Interval = TimeSpan.FromMilliseconds(50), Window = TimeSpan.FromMinutes(1), FewestRequests = 3 };
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        ServiceWatch watch = new(scraper.ReadAsync, "test", Deployment(), options, TimeProvider.System);
        await using WatchServer page = await WatchServer.StartAsync(new IPEndPoint(IPAddress.Loopback, 0), () => watch.State, Cancelled);
        string before = await PageAsync(page);
        Assert.Contains("inferometer_watch_up 0", before, StringComparison.Ordinal);

        int asked = 0;
        await watch.RunAsync(null, false, happened =>
        {
            if (happened.Kind is WatchEventKind.Looked && asked++ == 0)
            {
                for (int i = 0; i < 4; i++)
                {
                    server.PostAsync("/v1/completions", """{"prompt":"Once upon a time","max_tokens":12,"ignore_eos":true}""")
                        .GetAwaiter().GetResult().Succeeded();
                }
            }
            else if (happened.State.Load is { Requests: >= 4 })
            {
                stop.Cancel();
            }
        }, stop.Token);

        ObservedLoad load = watch.State.Load!;
        Assert.Equal(("inferometer serve", 4, 12), (load.Program.Program, load.Requests, load.OutputTokens));
        Assert.Equal(fixture.Engine.Tokenizer.EncodePrompt("Once upon a time").Length, load.InputTokens);
        Assert.Equal(4, load.Of(WatchedLatency.TimeToFirstToken)!.Count);
        Assert.NotNull(watch.State.Predicted);

        string text = await PageAsync(page);
        Assert.Contains("inferometer_watch_up 1", text, StringComparison.Ordinal);
        Assert.Contains("inferometer_watch_requests 4", text, StringComparison.Ordinal);
        Assert.Contains("inferometer_watch_predicted_seconds{latency=\"time_to_first_token\"}", text, StringComparison.Ordinal);
        Assert.Contains("inferometer_watch_drift{latency=\"end_to_end\"}", text, StringComparison.Ordinal);
        _ = PrometheusTool.Require("promtool");
        (int code, string[] complaints) = await PrometheusTool.CheckAsync(["check", "metrics"], text);
        Assert.Empty(complaints);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_refused()
    {
        await using WatchServer page = await WatchServer.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0), () => new WatchState(), Cancelled);
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(
            () => WatchServer.StartAsync(new IPEndPoint(IPAddress.Loopback, page.Address.Port), () => new WatchState(), Cancelled));
        Assert.Contains("--listen", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string> PageAsync(WatchServer server)
    {
        using HttpClient client = new();
        return await client.GetStringAsync(new Uri(server.Address, "metrics"), Cancelled);
    }

    private static WatchedDeployment Deployment() => new(
        CostModels.Find(CostModels.Default, "test").Prepare(new EstimateRequest
        {
            Architecture = ModelCatalog.BuiltIn.Resolve("llama-3.1-8b"),
            System = HardwareCatalog.BuiltIn.Resolve("h100"),
            Workload = new Workload { InputTokens = 64, OutputTokens = 8 },
        }),
        new ServingSimulationOptions(), 9);
}
