using System.Net;
using System.Text.Json;
using Inferometer.Inference.Engine;
using Inferometer.Server.Generation;
using Inferometer.Server.Hosting;

namespace Inferometer.Server.Tests.Hosting;

/// <summary>Clients that leave, queues that are full, answers that take too long, and a server that stops.</summary>
[Collection(EngineTests.Name)]
public sealed class SteadyTests(EngineFixture fixture)
{
    private const string Text = "/v1/completions";
    private const string Long = """{"prompt":"Once","max_tokens":1000,"ignore_eos":true,"stream":true}""";

    // Begins within the time that it is far from ending in.
    private const string Longer = """{"prompt":"Once","n":8,"max_tokens":1000,"ignore_eos":true,"stream":true}""";

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 3)]
    [InlineData(false, 1)]
    [InlineData(false, 3)]
    public async Task A_client_that_leaves_frees_its_blocks_at_once(bool streams, int answers)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        long before = fixture.Engine.Statistics.GeneratedTokens;
        using CancellationTokenSource leave = new();
        string body = FormattableString.Invariant(
            $$"""{"prompt":"Once","n":{{answers}},"max_tokens":1000,"ignore_eos":true,"stream":{{(streams ? "true" : "false")}}}""");
        using HttpRequestMessage request = new(HttpMethod.Post, Text) { Content = TestServer.Json(body) };
        Task<HttpResponseMessage> sent = server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await TestServer.UntilAsync(() => fixture.Engine.Statistics.RunningSequences == answers, "all ran");
        Assert.NotEqual(0, fixture.Engine.Statistics.KvBlocksUsed);
        if (streams)
        {
            (await sent).Dispose(); // closes the connection with most of the answer unread
        }
        else
        {
            await leave.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sent);
        }

        await TestServer.UntilAsync(() => fixture.Engine.Statistics.RunningSequences == 0, "nothing ran any more");
        Assert.Equal(0, fixture.Engine.Statistics.KvBlocksUsed);
        Assert.True(fixture.Engine.Statistics.GeneratedTokens - before < 1000 * answers, "the answers were generated to their end");
        await TestServer.UntilAsync(() => server.Server.RequestsUnderWay == 0, "the request was given up");
        string metrics = (await server.GetAsync("/metrics")).Text;
        Assert.Contains(FormattableString.Invariant($"finished_reason=\"abort\"}} {answers}"), metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Beyond_the_queue_requests_are_refused_with_the_time_to_try_again()
    {
        ServedModel model = EngineFixture.Load(
            new InferenceOptions { MaxBatchSize = 1, MaxQueueLength = 1, MaxSequenceTokens = 1024, Threads = 1 });
        using InferenceEngine engine = model.Engine;
        await using TestServer server = await TestServer.StartAsync(model);
        using HttpRequestMessage running = new(HttpMethod.Post, Text) { Content = TestServer.Json(Long) };
        using HttpRequestMessage waiting = new(HttpMethod.Post, Text) { Content = TestServer.Json(Long) };
        using CancellationTokenSource leave = new();
        Task<HttpResponseMessage> first = server.Client.SendAsync(running, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await TestServer.UntilAsync(() => engine.Statistics.RunningSequences == 1, "the first ran");
        Task<HttpResponseMessage> second = server.Client.SendAsync(waiting, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await TestServer.UntilAsync(() => engine.Statistics.WaitingRequests == 1, "the second waited");
        foreach (string stream in (string[])["true", "false"])
        {
            Answer refused = await server.PostAsync(Text, $$"""{"prompt":"x","max_tokens":1,"stream":{{stream}}}""");
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
            Assert.Equal("queue_full", refused.Error.GetProperty("code").GetString());
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        }

        Answer ollama = await server.PostAsync("/api/generate", """{"prompt":"x"}""");
        Assert.Equal(HttpStatusCode.TooManyRequests, ollama.Status);
        await leave.CancelAsync();
        (await first).Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
    }

    [Theory]
    [InlineData("\"n\":5", null)]
    [InlineData("\"n\":8", null)]
    [InlineData("\"n\":9", "n")]
    [InlineData("\"n\":2,\"best_of\":9", "best_of")]
    [InlineData("\"prompt\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"]", null)]
    [InlineData("\"prompt\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]", "prompt")]
    public async Task An_idle_server_takes_as_many_answers_as_run_and_wait(string asked, string? wrong)
    {
        ServedModel model = EngineFixture.Load(
            new InferenceOptions { MaxBatchSize = 4, MaxQueueLength = 4, MaxSequenceTokens = 1024, Threads = 1 });
        using InferenceEngine engine = model.Engine;
        await using TestServer server = await TestServer.StartAsync(model);
        string prompt = asked.Contains("prompt", StringComparison.Ordinal) ? "" : "\"prompt\":\"It was\",";
        Answer answer = await server.PostAsync(Text, $$"""{{{prompt}}"max_tokens":2,{{asked}}}""");
        Assert.True(answer.Status == (wrong is null ? HttpStatusCode.OK : HttpStatusCode.BadRequest), answer.Text);
        if (wrong is not null)
        {
            Assert.Equal(wrong, answer.Error.GetProperty("param").GetString());
            Assert.Contains("8", answer.Error.GetProperty("message").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Who_comes_at_once_takes_the_free_places_and_the_queue_and_what_is_refused_is_no_end_of_an_answer()
    {
        ServedModel model = EngineFixture.Load(
            new InferenceOptions { MaxBatchSize = 4, MaxQueueLength = 4, MaxSequenceTokens = 1024, Threads = 1 });
        using InferenceEngine engine = model.Engine;
        await using TestServer server = await TestServer.StartAsync(model);
        IDisposable held = engine.Hold();
        Task<Answer>[] asked = [.. Enumerable.Range(0, 20).Select(_ => server.PostAsync(Text, """{"prompt":"x","max_tokens":2}"""))];
        await TestServer.UntilAsync(() => asked.Count(task => task.IsCompleted) == 12, "twelve were refused");
        Assert.Equal(HttpStatusCode.TooManyRequests, (await server.PostAsync(Text, """{"prompt":"x","n":4}""")).Status);
        held.Dispose();
        Answer[] answers = await Task.WhenAll(asked);
        Assert.Equal(8, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.All(
            answers.Where(answer => answer.Status != HttpStatusCode.OK),
            answer => Assert.Equal("queue_full", answer.Error.GetProperty("code").GetString()));
        string metrics = (await server.GetAsync("/metrics")).Text;
        Assert.Contains("finished_reason=\"length\"} 8", metrics, StringComparison.Ordinal);
        Assert.Contains("finished_reason=\"abort\"} 0", metrics, StringComparison.Ordinal);
        Assert.Contains("finished_reason=\"error\"} 0", metrics, StringComparison.Ordinal);
        (await server.PostAsync(Text, """{"prompt":"x","n":8,"max_tokens":2}""")).Succeeded(); // every place is free again
    }

    [Fact]
    public async Task An_answer_that_takes_too_long_breaks_off_with_an_error_and_without_an_end()
    {
        ServerOptions options = new() { Limits = new ServerLimits { RequestTimeout = TimeSpan.FromMilliseconds(300) } };
        await using TestServer server = await TestServer.StartAsync(fixture.Model, options);
        using HttpRequestMessage request = new(HttpMethod.Post, Text) { Content = TestServer.Json(Longer) };
        using HttpResponseMessage response = await server.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        (string text, bool isWhole) = await BrokenStream.ReadAsync(response);
        string last = text.TrimEnd('\n').Split("\n\n")[^1];
        JsonElement error = JsonElement.Parse(last["data: ".Length..]).GetProperty("error");
        Assert.Equal("timeout", error.GetProperty("code").GetString());
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        Assert.False(isWhole, "the connection said that the answer was whole");
        await TestServer.UntilAsync(() => fixture.Engine.Statistics.KvBlocksUsed == 0, "the blocks were free");

        // Where the answer had not begun it has a status of its own.
        Answer whole = await server.PostAsync(Text, Longer.Replace("true}", "false}", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.GatewayTimeout, whole.Status);
        Assert.DoesNotContain(server.Log.Lines, l => l.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_line_of_ollamas_tells_that_its_answer_broke_off()
    {
        ServerOptions options = new() { Limits = new ServerLimits { RequestTimeout = TimeSpan.FromSeconds(1) } };
        await using TestServer server = await TestServer.StartAsync(fixture.Model, options);
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/generate")
        {
            Content = TestServer.Json("""{"prompt":"Once","raw":true,"options":{"num_predict":1000,"stop":["never"],"temperature":0}}"""),
        };
        using HttpResponseMessage response = await server.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using (fixture.Engine.Hold()) // a fast machine has the whole answer within the time otherwise
        {
            await Task.Delay(TimeSpan.FromSeconds(1.2), TestContext.Current.CancellationToken); // longer than the limit, however much
        }

        (string text, bool isWhole) = await BrokenStream.ReadAsync(response);
        Assert.Contains("longer than", JsonElement.Parse(text.TrimEnd('\n').Split('\n')[^1]).GetProperty("error").GetString()!);
        Assert.False(isWhole);
    }

    [Fact]
    public async Task A_server_that_stops_answers_what_is_under_way_and_refuses_the_rest()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Task<List<string>> answer = server.EventsAsync(Text, Long);
        await TestServer.UntilAsync(() => fixture.Engine.Statistics.RunningSequences == 1, "the answer was under way");
        using IDisposable held = fixture.Engine.Hold(); // so that it cannot end before the others are refused
        Task<bool> stopped = server.Server.StopAsync(TestContext.Current.CancellationToken);
        Answer refused = await server.PostAsync(Text, """{"prompt":"x"}""");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.Status);
        Assert.Equal("server_stopping", refused.Error.GetProperty("code").GetString());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.GetAsync("/ready")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/health")).Status);
        held.Dispose();
        Assert.True(await stopped);
        Assert.Equal("[DONE]", (await answer)[^1]);
    }

    [Fact]
    public async Task What_outlasts_the_time_to_stop_ends_with_an_error()
    {
        ServerOptions options = new() { Limits = new ServerLimits { DrainTimeout = TimeSpan.FromMilliseconds(20) } };
        await using TestServer server = await TestServer.StartAsync(fixture.Model, options);
        using HttpRequestMessage request = new(HttpMethod.Post, Text)
        {
            Content = TestServer.Json("""{"prompt":"Once","n":8,"max_tokens":1000,"ignore_eos":true,"stream":true}"""),
        };
        using HttpResponseMessage response = await server.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.False(await server.Server.StopAsync(TestContext.Current.CancellationToken));
        (string text, bool isWhole) = await BrokenStream.ReadAsync(response);
        Assert.Contains("server_stopping", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        Assert.False(isWhole);
        await TestServer.UntilAsync(() => fixture.Engine.Statistics.KvBlocksUsed == 0, "the blocks were free");
    }
}
