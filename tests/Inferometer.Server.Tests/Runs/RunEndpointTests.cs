using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.History.Records;
using Inferometer.History.Stores;
using Inferometer.ReferenceModels;
using Inferometer.Server.Hosting;

namespace Inferometer.Server.Tests.Runs;

/// <summary>Runs that were kept, looked at over HTTP.</summary>
[Collection(EngineTests.Name)]
public sealed class RunEndpointTests(EngineFixture fixture)
{
    [Fact]
    public async Task Runs_are_listed_shown_whole_and_set_beside_each_other()
    {
        using TemporaryFolder folder = new();
        using IRunStore store = RunStores.Open(StoreLocation.OfFile(folder.File("runs.db")));
        RunRecord before = Run([10, 11, 12, 10, 11], 0, "before"), after = Run([20, 21, 22, 20, 21], 1, null);
        store.Add(before);
        store.Add(after);
        await using TestServer server = await TestServer.StartAsync(fixture.Model, new ServerOptions { Runs = store });

        JsonElement list = (await server.GetAsync("/api/v1/runs")).Succeeded().Json.GetProperty("runs");
        Assert.Equal([after.Id, before.Id], list.EnumerateArray().Select(r => r.GetProperty("id").GetString()));
        Assert.False(list[0].TryGetProperty("series", out _));
        Assert.Equal(1, (await server.GetAsync("/api/v1/runs?limit=1&skip=1&kind=bench&arm=measured&model=TINY")).Succeeded().Json
            .GetProperty("runs").GetArrayLength());
        Assert.Equal(0, (await server.GetAsync("/api/v1/runs?kind=load")).Succeeded().Json.GetProperty("runs").GetArrayLength());

        JsonElement whole = (await server.GetAsync("/api/v1/runs/before")).Succeeded().Json;
        Assert.Equal(before.Id, whole.GetProperty("id").GetString());
        Assert.Equal(5, whole.GetProperty("series")[0].GetProperty("values").GetArrayLength());
        Assert.Equal(after.Id, (await server.GetAsync("/api/v1/runs/latest")).Succeeded().Json.GetProperty("id").GetString());

        JsonElement difference = (await server.GetAsync($"/api/v1/runs/before/diff/{after.ShortId}")).Succeeded().Json;
        JsonElement rate = difference.GetProperty("metrics")[0];
        Assert.True(difference.GetProperty("same_config").GetBoolean());
        Assert.Equal("better", rate.GetProperty("verdict").GetString());
        Assert.True(rate.GetProperty("change_low").GetDouble() > 0.5);
    }

    [Theory]
    [InlineData("/api/v1/runs?kind=lode", HttpStatusCode.BadRequest, "kind")]
    [InlineData("/api/v1/runs?arm=left", HttpStatusCode.BadRequest, "arm")]
    [InlineData("/api/v1/runs?limit=0", HttpStatusCode.BadRequest, "limit")]
    [InlineData("/api/v1/runs?skip=-1", HttpStatusCode.BadRequest, "skip")]
    [InlineData("/api/v1/runs?tagg=x", HttpStatusCode.BadRequest, "tagg")]
    [InlineData("/api/v1/runs/nobody", HttpStatusCode.NotFound, null)]
    [InlineData("/api/v1/runs/latest/diff/..%2f..%2fetc%2fpasswd", HttpStatusCode.NotFound, null)]
    public async Task What_is_not_there_or_not_allowed_is_a_problem(string path, HttpStatusCode status, string? field)
    {
        using TemporaryFolder folder = new();
        using IRunStore store = RunStores.Open(StoreLocation.OfFile(folder.File("runs.db")));
        store.Add(Run([1, 2], 0, null));
        await using TestServer server = await TestServer.StartAsync(fixture.Model, new ServerOptions { Runs = store });
        Answer answer = await server.GetAsync(path);
        Assert.Equal(status, answer.Status);
        Assert.Equal(field, answer.Json.TryGetProperty("field", out JsonElement named) ? named.GetString() : null);
        Assert.DoesNotContain(folder.Path, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_store_it_is_said_how_to_show_one_and_nobody_writes()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.GetAsync("/api/v1/runs");
        Assert.Equal((HttpStatusCode.NotFound, "no_store"), (answer.Status, answer.Json.GetProperty("code").GetString()));
        Answer written = await server.SendAsync(HttpMethod.Post, "/api/v1/runs", "{}");
        Assert.NotEqual(HttpStatusCode.OK, written.Status);
    }

    private static RunRecord Run(double[] rates, double minutes, string? name) => new RunRecord
    {
        Kind = RunKind.Bench,
        Arm = RunArm.Measured,
        At = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddMinutes(minutes),
        Model = "tiny.gguf",
        On = "a processor",
        Config = RunConfig.Of(new JsonObject { ["command"] = "bench" }),
        Product = "0.1.0",
        Name = name,
        Metrics =
        [
            new RunMetric
            {
                Key = "tg128", Name = "tg128", Unit = "tokens/s", Better = Better.Higher, Value = rates.Average(),
                Statistic = Statistic.Mean, Series = "tg128", IsHeadline = true,
            },
        ],
        Series = [new RunSeries("tg128", "tokens/s", rates)],
    }.Sealed();
}
