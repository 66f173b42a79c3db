using System.Net;
using Inferometer.Core;
using Inferometer.Server.Hosting;
using Inferometer.Server.Upstreams;

namespace Inferometer.Server.Tests.Upstreams;

/// <summary>Several servers behind one address, some of which die, dawdle, refuse or break off.</summary>
public sealed class UpstreamTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Body = """{"messages":[{"role":"user","content":"x"}],"max_tokens":10}""";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_goes_to_one_and_its_answer_comes_back_as_it_is()
    {
        await using ScriptedUpstream one = new()
        {
            Answer = (_, stream, _) => ScriptedUpstream.WriteAsync(stream, 418, """{"a":1}""", "X-Own: yes\r\nSet-Cookie: a=b\r\n"),
        };
        await using TestServer server = await StartAsync(new ServerOptions(), one);
        Answer answer = await server.SendAsync(HttpMethod.Post, Chat, Body, ("X-Request-Id", "my-id"));
        Assert.Equal(418, (int)answer.Status);
        Assert.Equal("""{"a":1}""", answer.Text);
        Assert.Equal("yes", answer.Headers.GetValues("X-Own").Single());
        Assert.Equal("my-id", answer.Headers.GetValues("X-Request-Id").Single());
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        string asked = Assert.Single(one.Requests);
        Assert.StartsWith("POST " + Chat + " ", asked, StringComparison.Ordinal);
        Assert.Contains("X-Request-Id: my-id", asked, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith(Body, asked, StringComparison.Ordinal);
        (await server.PostAsync("/api/v1/estimate", """{"model":"llama-3.1-8b","on":"h100"}""")).Succeeded();
    }

    [Fact]
    public async Task Keys_are_this_servers_and_theirs_not_each_others()
    {
        await using ScriptedUpstream one = new();
        ServerOptions options = new() { ApiKeys = ["a-key-of-this-server"] };
        await using TestServer server = await StartAsync(options, "the-key-of-the-upstream", one);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.PostAsync(Chat, Body)).Status);
        Assert.Empty(one.Requests);
        (await server.SendAsync(HttpMethod.Post, Chat, Body, ("Authorization", "Bearer a-key-of-this-server"))).Succeeded();
        string asked = Assert.Single(one.Requests);
        Assert.Contains("Bearer the-key-of-the-upstream", asked, StringComparison.Ordinal);
        Assert.DoesNotContain("a-key-of-this-server", asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_one_with_the_fewest_tokens_to_compute_is_asked_so_a_slow_one_gets_less()
    {
        await using ScriptedUpstream slow = new()
        {
            Answer = async (_, stream, stop) =>
            {
                await Task.Delay(1500, stop);
                await ScriptedUpstream.WriteAsync(stream, 200, "{}");
            },
        };
        await using ScriptedUpstream quick = new();
        await using TestServer server = await StartAsync(new ServerOptions(), slow, quick);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            for (int i = 0; i < 10; i++)
            {
                (await server.PostAsync(Chat, Body)).Succeeded();
            }
        }));
        Assert.Equal(40, slow.Requests.Count + quick.Requests.Count);
        Assert.True(slow.Requests.Count < quick.Requests.Count / 2, $"{slow.Requests.Count} and {quick.Requests.Count}");
        Assert.Contains("outstanding_tokens{upstream=\"" + Name(slow) + "\"} 0", await MetricsAsync(server), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("closes")]
    [InlineData("heads")]
    [InlineData("away")]
    [InlineData("stopping")]
    [InlineData("full")]
    public async Task Before_the_first_byte_another_is_asked(string how)
    {
        await using ScriptedUpstream bad = new()
        {
            Answer = (_, stream, _) => how switch
            {
                "stopping" => ScriptedUpstream.WriteAsync(stream, 503, "{}"),
                "full" => ScriptedUpstream.WriteAsync(stream, 429, "{}", "Retry-After: 9\r\n"),
                "heads" => stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Le"u8.ToArray()).AsTask(),
                _ => Task.CompletedTask,
            },
        };
        await using ScriptedUpstream good = new() { Answer = (_, stream, _) => ScriptedUpstream.WriteAsync(stream, 200, "\"good\"") };
        await using TestServer server = await StartAsync(new ServerOptions(), key: null, TimeSpan.FromHours(1), bad, good);
        if (how is "away")
        {
            // Not sooner: the first look at an upstream's health may find it gone before anybody asks, as may a second one.
            bad.GoAway();
        }

        for (int i = 0; i < 6; i++)
        {
            Answer answer = (await server.PostAsync(Chat, Body)).Succeeded();
            Assert.Equal("\"good\"", answer.Text);
            Assert.False(answer.Headers.Contains("Retry-After"));
            Assert.Single(answer.Headers.GetValues("X-Request-Id"));
        }

        Assert.Equal(6, good.Requests.Count);
        Assert.Matches("inferometer_upstream_retries_total [1-6]", await MetricsAsync(server));
        Assert.All(good.Requests, r => Assert.EndsWith(Body, r, StringComparison.Ordinal)); // the body is sent again whole
    }

    [Fact]
    public async Task Where_all_refuse_the_last_answer_is_the_clients()
    {
        static Task FullAsync(string request, System.Net.Sockets.NetworkStream stream, CancellationToken stop) =>
            ScriptedUpstream.WriteAsync(stream, 429, """{"error":{"message":"full"}}""", "Retry-After: 9\r\n");
        await using ScriptedUpstream one = new() { Answer = FullAsync };
        await using ScriptedUpstream two = new() { Answer = FullAsync };
        await using TestServer server = await StartAsync(new ServerOptions(), one, two);
        Answer answer = await server.PostAsync(Chat, Body);
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.Status);
        Assert.Equal("9", answer.Headers.GetValues("Retry-After").Single());
        Assert.Equal((1, 1), (one.Requests.Count, two.Requests.Count));
    }

    [Fact]
    public async Task In_the_middle_of_a_stream_nobody_else_is_asked_and_the_client_sees_that_it_broke()
    {
        await using ScriptedUpstream bad = new()
        {
            Answer = async (_, stream, stop) =>
            {
                await ScriptedUpstream.BeginStreamAsync(stream, "1", "2");
                await Task.Delay(500, stop); // what a client was sent it may not have read when the connection breaks
            },
        };
        await using ScriptedUpstream other = new();
        await using TestServer server = await StartAsync(new ServerOptions(), bad, other);
        other.IsWell = false;
        other.GoAway();
        string text = "";
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            for (int i = 0; i < 2; i++)
            {
                using HttpRequestMessage request = new(HttpMethod.Post, Chat) { Content = TestServer.Json(Body) };
                using HttpResponseMessage response = await server.Client.SendAsync(
                    request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
                using StreamReader reader = new(await response.Content.ReadAsStreamAsync(Cancelled));
                while (await reader.ReadLineAsync(Cancelled) is { } line)
                {
                    text += line;
                }
            }
        });
        Assert.Equal("data: 1data: 2", text);
        Assert.Single(bad.Requests);
        await TestServer.UntilAsync(
            () => server.GetAsync("/metrics").Result.Text.Contains("outcome=\"broken\"} 1", StringComparison.Ordinal), "it is counted");
    }

    [Fact]
    public async Task One_that_is_not_well_gets_nothing_until_it_is()
    {
        await using ScriptedUpstream one = new();
        await using ScriptedUpstream two = new();
        await using TestServer server = await StartAsync(new ServerOptions(), one, two);
        one.IsWell = false;
        await TestServer.UntilAsync(() => HealthOf(server, one) == 0, "it is seen to be ill");
        (await server.PostAsync(Chat, Body)).Succeeded();
        (await server.PostAsync(Chat, Body)).Succeeded();
        Assert.Empty(one.Requests);
        two.GoAway();
        await TestServer.UntilAsync(() => HealthOf(server, two) == 0, "the other is seen to be gone");
        Answer none = await server.PostAsync(Chat, Body);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, none.Status);
        Assert.Equal("no_upstream", none.Error.GetProperty("code").GetString());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.GetAsync("/ready")).Status);
        (await server.GetAsync("/health")).Succeeded();
        two.ComeBack();
        await TestServer.UntilAsync(() => HealthOf(server, two) == 1, "it is back");
        (await server.PostAsync(Chat, Body)).Succeeded();
        (await server.GetAsync("/ready")).Succeeded();
    }

    [Fact]
    public async Task A_client_that_leaves_takes_its_request_with_it()
    {
        TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedUpstream one = new()
        {
            Answer = async (_, stream, stop) =>
            {
                await ScriptedUpstream.BeginStreamAsync(stream, "1");
                byte[] one = new byte[1];
                Assert.Equal(0, await stream.ReadAtLeastAsync(one, 1, throwOnEndOfStream: false, stop)); // ends when the connection does
                gone.SetResult();
            },
        };
        await using TestServer server = await StartAsync(new ServerOptions(), one);
        using (HttpRequestMessage request = new(HttpMethod.Post, Chat) { Content = TestServer.Json(Body) })
        using (await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled))
        {
        }

        await gone.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancelled);
        await TestServer.UntilAsync(
            () => server.GetAsync("/metrics").Result.Text.Contains("outcome=\"left\"} 1", StringComparison.Ordinal), "it is counted");
        Assert.Equal(1, HealthOf(server, one));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("not json at all", 4)]
    [InlineData("""{"max_tokens":100.0,"n":3.0}""", 308)]
    [InlineData("""{"max_tokens":100,"n":3}""", 307)]
    [InlineData("""{"max_completion_tokens":50}""", 58)]
    [InlineData("""{"options":{"num_predict":40}}""", 48)]
    [InlineData("""{"prompt":"x"}""", 260)]
    [InlineData("""[1,2]""", 2)]
    public void A_request_costs_its_prompt_and_its_answers(string body, long tokens) =>
        Assert.Equal(tokens, RequestCost.Of(System.Text.Encoding.UTF8.GetBytes(body)));

    [Fact]
    public async Task Upstreams_and_a_model_exclude_each_other_and_addresses_are_checked()
    {
        ServerOptions twice = new() { Upstreams = new() { Addresses = [new("http://a:1"), new("http://a:1")] } };
        Assert.Throws<InferometerException>(twice.Validate);
        Assert.Throws<InferometerException>(new ServerOptions { Upstreams = new() { Addresses = [] } }.Validate);
        Assert.Throws<InferometerException>(new ServerOptions { Upstreams = new() { Addresses = [new("http://u:p@a")] } }.Validate);
        using EngineFixture fixture = new();
        ServerOptions both = new() { Upstreams = new() { Addresses = [new("http://a:1")] } };
        await Assert.ThrowsAsync<InferometerException>(() => TestServer.StartAsync(fixture.Model, both));
    }

    private static string Name(ScriptedUpstream upstream) => upstream.Address.AbsoluteUri.TrimEnd('/');

    private static async Task<string> MetricsAsync(TestServer server) => (await server.GetAsync("/metrics")).Text;

    private static int HealthOf(TestServer server, ScriptedUpstream upstream)
    {
        string start = $"inferometer_upstream_healthy{{upstream=\"{Name(upstream)}\"}} ";
        string line = server.GetAsync("/metrics").Result.Text.Split('\n').First(l => l.StartsWith(start, StringComparison.Ordinal));
        return line[^1] - '0';
    }

    private static Task<TestServer> StartAsync(ServerOptions options, params ScriptedUpstream[] upstreams) =>
        StartAsync(options, key: null, upstreams);

    private static Task<TestServer> StartAsync(ServerOptions options, string? key, params ScriptedUpstream[] upstreams) =>
        StartAsync(options, key, TimeSpan.FromMilliseconds(100), upstreams);

    private static Task<TestServer> StartAsync(
        ServerOptions options, string? key, TimeSpan healthInterval, params ScriptedUpstream[] upstreams) =>
        TestServer.StartAsync(model: null, options with
        {
            Upstreams = new UpstreamOptions
            {
                Addresses = [.. upstreams.Select(u => u.Address)],
                ApiKey = key,
                HealthInterval = healthInterval,
                HealthTimeout = TimeSpan.FromSeconds(1),
            },
        });
}
