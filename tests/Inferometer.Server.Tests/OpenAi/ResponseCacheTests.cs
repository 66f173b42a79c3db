using System.Net;
using Inferometer.Server.Hosting;

namespace Inferometer.Server.Tests.OpenAi;

/// <summary>Answers kept for requests that come again: only where they could only be the same, and only whole ones.</summary>
[Collection(EngineTests.Name)]
public sealed class ResponseCacheTests(EngineFixture fixture)
{
    private const string Header = "X-Response-Cache";
    private const string Chat = "/v1/chat/completions";

    [Fact]
    public async Task It_is_off_unless_asked_for()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Assert.False((await server.PostAsync(Chat, Body("\"temperature\":0"))).Succeeded().Headers.Contains(Header));
        Assert.DoesNotContain("response_cache", (await server.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"temperature\":0")]
    [InlineData("\"seed\":7")]
    [InlineData("\"seed\":7,\"n\":2")]
    [InlineData("\"temperature\":0,\"logprobs\":true,\"top_logprobs\":2")]
    public async Task What_can_only_be_answered_one_way_is_answered_from_it_whole_and_in_pieces(string settings)
    {
        await using TestServer server = await StartAsync(1 << 20);
        Answer first = (await server.PostAsync(Chat, Body(settings))).Succeeded();
        Assert.Equal("miss", Of(first));
        long generated = await CountAsync(server, "vllm:generation_tokens_total");
        Answer again = (await server.PostAsync(Chat, Body(settings + ",\"user\":\"somebody\""))).Succeeded();
        Assert.Equal("hit", Of(again));
        Assert.Equal(first.Json.GetProperty("choices").GetRawText(), again.Json.GetProperty("choices").GetRawText());
        Assert.Equal(first.Json.GetProperty("usage").GetRawText(), again.Json.GetProperty("usage").GetRawText());
        Assert.NotEqual(first.Json.GetProperty("id").GetString(), again.Json.GetProperty("id").GetString());
        List<string> events = await server.EventsAsync(Chat, Body(settings + ",\"stream\":true"));
        Assert.Equal("[DONE]", events[^1]);
        string streamed = string.Concat(events[..^1].Select(e => System.Text.Json.JsonElement.Parse(e).GetProperty("choices")[0])
            .Where(c => c.GetProperty("index").GetInt32() == 0)
            .Select(c => c.GetProperty("delta").TryGetProperty("content", out var text) ? text.GetString() : ""));
        Assert.Equal(first.Json.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), streamed);
        Assert.Equal(generated, await CountAsync(server, "vllm:generation_tokens_total"));
        Assert.Equal(2, await CountAsync(server, "inferometer_response_cache_hits_total"));
        Assert.Equal(1, await CountAsync(server, "inferometer_response_cache_misses_total"));
        Assert.Equal(1, await CountAsync(server, "inferometer_response_cache_entries"));
    }

    [Fact]
    public async Task A_stream_is_kept_and_gives_the_very_pieces_again()
    {
        await using TestServer server = await StartAsync(1 << 20);
        string body = Body("\"temperature\":0,\"stream\":true,\"stream_options\":{\"include_usage\":true}");
        string[] first = [.. (await server.EventsAsync(Chat, body)).Select(Nameless)];
        Assert.Equal(first, (await server.EventsAsync(Chat, body)).Select(Nameless));
        Assert.Equal(1, await CountAsync(server, "inferometer_response_cache_hits_total"));
    }

    [Fact]
    public async Task What_may_be_answered_otherwise_or_differs_in_a_letter_is_not()
    {
        await using TestServer server = await StartAsync(1 << 20);
        (await server.PostAsync(Chat, Body("\"temperature\":0.7"))).Succeeded();
        (await server.PostAsync(Chat, Body("\"temperature\":0.7"))).Succeeded();
        Assert.Equal(0, await CountAsync(server, "inferometer_response_cache_entries"));
        (await server.PostAsync(Chat, Body("\"temperature\":0"))).Succeeded();
        Assert.Equal("miss", Of(await server.PostAsync(Chat, Body("\"temperature\":0", "What came then"))));
        Assert.Equal("miss", Of(await server.PostAsync(Chat, Body("\"temperature\":0,\"stop\":\"x\""))));
    }

    [Fact]
    public async Task An_answer_that_was_cut_short_is_not_kept()
    {
        await using TestServer server = await StartAsync(1 << 20);
        string body = Body("\"temperature\":0,\"stream\":true", tokens: 900);
        using (HttpRequestMessage request = new(HttpMethod.Post, Chat) { Content = TestServer.Json(body) })
        using (HttpResponseMessage response = await server.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken))
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        await TestServer.UntilAsync(() => server.Server.RequestsUnderWay == 0, "the request is given up");
        Assert.Equal(0, await CountAsync(server, "inferometer_response_cache_entries"));
    }

    [Fact]
    public async Task It_keeps_to_its_bytes_and_the_one_asked_for_longest_ago_goes()
    {
        await using TestServer server = await StartAsync(3000);
        string first = Body("\"temperature\":0", "Who was there?");
        (await server.PostAsync(Chat, first)).Succeeded();
        for (int i = 0; i < 4; i++)
        {
            (await server.PostAsync(Chat, Body("\"temperature\":0", "And then? " + i))).Succeeded();
            Assert.InRange(await CountAsync(server, "inferometer_response_cache_bytes"), 1, 3000);
        }

        Assert.Equal("hit", Of(await server.PostAsync(Chat, Body("\"temperature\":0", "And then? 3"))));
        Assert.Equal("miss", Of(await server.PostAsync(Chat, first)));
        (await server.PostAsync(Chat, Body("\"temperature\":0", "Tell me all.", tokens: 100))).Succeeded();
        Assert.Equal("miss", Of(await server.PostAsync(Chat, Body("\"temperature\":0", "Tell me all.", tokens: 100))));
    }

    [Fact]
    public async Task The_other_routes_have_answers_of_their_own()
    {
        await using TestServer server = await StartAsync(1 << 20);
        const string Text = """{"prompt":"Once","temperature":0,"max_tokens":4}""";
        const string Response = """{"input":"Once","temperature":0,"max_output_tokens":4}""";
        Answer text = (await server.PostAsync("/v1/completions", Text)).Succeeded();
        Assert.Equal("hit", Of(await server.PostAsync("/v1/completions", Text)));
        (await server.PostAsync("/v1/responses", Response)).Succeeded();
        Assert.Equal("hit", Of(await server.PostAsync("/v1/responses", Response)));
        Assert.Equal("miss", Of(text));
    }

    private static string Body(string settings, string question = "What came then?", int tokens = 6) =>
        $$"""{"messages":[{"role":"user","content":"{{question}}"}],"max_tokens":{{tokens}},{{settings}}}""";

    private static string Of(Answer answer) => answer.Headers.GetValues(Header).Single();

    private static string Nameless(string text)
    {
        if (text is "[DONE]")
        {
            return text;
        }

        System.Text.Json.Nodes.JsonObject piece = System.Text.Json.Nodes.JsonNode.Parse(text)!.AsObject();
        piece.Remove("id");
        piece.Remove("created");
        return piece.ToJsonString();
    }

    private static async Task<long> CountAsync(TestServer server, string name)
    {
        string line = (await server.GetAsync("/metrics")).Text.Split('\n').First(
            l => l.StartsWith(name, StringComparison.Ordinal) && l[name.Length] is ' ' or '{');
        return long.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private Task<TestServer> StartAsync(long bytes) =>
        TestServer.StartAsync(fixture.Model, new ServerOptions { ResponseCacheBytes = bytes });
}
