using System.Net;
using System.Text.Json;

namespace Inferometer.Server.Tests.Simulator;

/// <summary>
/// Services simulated over HTTP: jobs that can be waited for, asked for, followed and cancelled, and of which there are not many.
/// </summary>
[Collection(EngineTests.Name)]
public sealed class SimulateEndpointTests(EngineFixture fixture)
{
    private const string Path = "/api/v1/simulate";
    private const string Short = """{"model":"llama-3.1-8b","on":"h100","rate":5,"requests":200,"input":500,"output":"uniform:50,150"}""";
    private const string Long = """{"model":"llama-3.1-8b","on":"h100","rate":1000,"requests":200000,"input":500,"output":2000}""";

    /// <summary>However fast the work, who does not ask to wait gets a job.</summary>
    [Fact]
    public async Task Without_waiting_the_answer_is_always_a_job()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Tiny = """{"model":"llama-3.1-8b","on":"h100","rate":1,"requests":2,"warm-up":0,"output":2}""";
        for (int i = 0; i < 20; i++)
        {
            Answer answer = await server.PostAsync(Path, Tiny);
            Assert.Equal(HttpStatusCode.Accepted, answer.Status);
            Assert.Contains("\"id\":", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_short_run_is_answered_with_its_result_and_equal_seeds_give_equal_ones()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string first = (await server.PostAsync(Path + "?wait=60", Short)).Succeeded().Text;
        JsonElement report = JsonElement.Parse(first);
        Assert.Equal(200, report.GetProperty("total_requests").GetInt32());
        Assert.True(report.GetProperty("median_ttft_ms").GetDouble() > 0);
        Assert.NotEmpty(report.GetProperty("over_time").EnumerateArray());
        Assert.Equal(first, (await server.PostAsync(Path + "?wait=60", Short)).Succeeded().Text);
    }

    [Fact]
    public async Task A_job_can_be_asked_for_and_followed_to_its_result()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string id = await StartAsync(server, Short);
        using HttpRequestMessage request = new(HttpMethod.Get, $"/api/v1/jobs/{id}/events");
        using HttpResponseMessage response = await server.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        string[] events = text.TrimEnd('\n').Split("\n\n");
        Assert.All(events[..^1], e => Assert.StartsWith("event: progress\ndata: {", e, StringComparison.Ordinal));
        Assert.StartsWith("event: end\ndata: {", events[^1], StringComparison.Ordinal);
        var end = JsonElement.Parse(events[^1]["event: end\ndata: ".Length..]);
        Assert.Equal("done", end.GetProperty("state").GetString());
        JsonElement asked = (await server.GetAsync($"/api/v1/jobs/{id}")).Succeeded().Json;
        Assert.True(JsonElement.DeepEquals(end.GetProperty("result"), asked.GetProperty("result")));
    }

    [Fact]
    public async Task A_cancelled_job_ends_and_is_forgotten()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string id = await StartAsync(server, Long);
        using HttpRequestMessage request = new(HttpMethod.Get, $"/api/v1/jobs/{id}/events");
        using HttpResponseMessage follower = await server.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, $"/api/v1/jobs/{id}", null)).Status);
        string events = await follower.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("\"state\":\"cancelled\"", events, StringComparison.Ordinal);
        Answer gone = await server.GetAsync($"/api/v1/jobs/{id}");
        Assert.Equal(HttpStatusCode.NotFound, gone.Status);
        Assert.Equal("unknown_job", gone.Json.GetProperty("code").GetString());
    }

    [Fact]
    public async Task More_jobs_than_may_wait_are_refused()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        List<string> ids = [];
        Answer answer = await server.PostAsync(Path, Long);
        for (int i = 0; i < 100 && answer.Status == HttpStatusCode.Accepted; i++)
        {
            ids.Add(answer.Json.GetProperty("id").GetString()!);
            answer = await server.PostAsync(Path, Long);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, answer.Status);
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Equal(Server.Simulator.SimulatorLimits.Pending, ids.Count);
        foreach (string id in ids)
        {
            await server.SendAsync(HttpMethod.Delete, $"/api/v1/jobs/{id}", null);
        }
    }

    [Theory]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100"}""", "rate")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","rate":5,"users":5}""", "rate")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","rate":0}""", "rate")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","rate":5,"requests":1000000000}""", "requests")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","rate":5,"input":"file:/etc/hostname"}""", "input")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","rate":5,"input":"sometimes"}""", "input")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","rate":5,"slo":"soon"}""", "slo")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","rate":5,"router":"any"}""", "router")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","rate":5,"kv-link":5}""", "kv-link")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","rate":5,"batch":4}""", "batch")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","rate":5,"seed":1.5}""", "seed")]
    public async Task What_is_wrong_is_said_before_anything_is_simulated(string body, string field)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(Path, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(field, answer.Json.GetProperty("field").GetString());
    }

    [Fact]
    public async Task A_service_without_room_says_so()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(Path + "?wait=60", """{"model":"llama-3.1-70b","on":"h100","rate":1}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains("no room for a KV cache", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.PostAsync(Path + "?wait=1000", Short)).Status);
    }

    private static async Task<string> StartAsync(TestServer server, string body)
    {
        Answer answer = await server.PostAsync(Path, body);
        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        string id = answer.Json.GetProperty("id").GetString()!;
        Assert.Equal($"/api/v1/jobs/{id}", answer.Headers.Location?.ToString());
        return id;
    }
}
