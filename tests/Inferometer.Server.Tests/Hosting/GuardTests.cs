using System.Net;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Server.Generation;
using Inferometer.Server.Hosting;

namespace Inferometer.Server.Tests.Hosting;

/// <summary>Who may ask, from where, and how much at once.</summary>
[Collection(EngineTests.Name)]
public sealed class GuardTests(EngineFixture fixture)
{
    private const string Key = "a-key-of-some-length";
    private const string OtherKey = "another-key-of-some-length";
    private const string Models = "/v1/models";

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("Bearer", HttpStatusCode.Unauthorized)]
    [InlineData("Bearer wrong-key-of-some-length", HttpStatusCode.Unauthorized)]
    [InlineData("Basic " + Key, HttpStatusCode.Unauthorized)]
    [InlineData("Bearer " + Key, HttpStatusCode.OK)]
    [InlineData("bearer " + OtherKey, HttpStatusCode.OK)]
    public async Task A_key_is_asked_for_where_there_is_one(string? header, HttpStatusCode status)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model, new ServerOptions { ApiKeys = [Key, OtherKey] });
        (string, string)[] headers = header is null ? [] : [("Authorization", header)];
        Answer answer = await server.SendAsync(HttpMethod.Get, Models, null, headers);
        Assert.Equal(status, answer.Status);
        if (status != HttpStatusCode.OK)
        {
            Assert.Equal("invalid_api_key", answer.Error.GetProperty("code").GetString());
            Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        }

        Assert.Equal(status, (await server.SendAsync(HttpMethod.Get, "/metrics", null, headers)).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/health")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/ready")).Status);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("192.0.2.1")]
    public void An_address_that_others_reach_needs_a_key(string host)
    {
        ServerOptions options = new() { Host = host };
        Assert.Contains("API key", Assert.Throws<InferometerException>(options.Validate).Message, StringComparison.Ordinal);
        (options with { ApiKeys = [Key] }).Validate();
    }

    [Fact]
    public void Options_that_are_out_of_range_are_refused()
    {
        Refused(new ServerOptions { Host = "example.org" }, "address");
        Refused(new ServerOptions { Port = 70000 }, "port");
        Refused(new ServerOptions { ApiKeys = ["short"] }, "API key");
        Refused(new ServerOptions { ApiKeys = ["with blanks in it, however long"] }, "API key");
        Refused(new ServerOptions { AllowedOrigins = ["example.org"] }, "origin");
        Refused(new ServerOptions { Limits = new ServerLimits { MaxBodyBytes = 0 } }, "MaxBodyBytes");
        Refused(new ServerOptions { Limits = new ServerLimits { RequestTimeout = TimeSpan.Zero } }, "RequestTimeout");

        static void Refused(ServerOptions options, string word) =>
            Assert.Contains(word, Assert.Throws<InferometerException>(options.Validate).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Web_pages_of_others_may_not_use_it_unless_they_are_named()
    {
        await using TestServer closed = await TestServer.StartAsync(fixture.Model);
        Answer refused = await closed.SendAsync(HttpMethod.Get, Models, null, ("Origin", "https://example.org"));
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Equal("origin_not_allowed", refused.Error.GetProperty("code").GetString());
        Assert.False(refused.Headers.Contains("Access-Control-Allow-Origin"));
        string own = closed.Server.Address.GetLeftPart(UriPartial.Authority);
        (await closed.SendAsync(HttpMethod.Get, Models, null, ("Origin", own))).Succeeded();

        await using TestServer open = await TestServer.StartAsync(
            fixture.Model, new ServerOptions { AllowedOrigins = ["https://example.org"], ApiKeys = [Key] });
        Answer preflight = await open.SendAsync(
            HttpMethod.Options, "/v1/chat/completions", null, ("Origin", "https://example.org"), ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization,content-type"));
        Assert.Equal(HttpStatusCode.NoContent, preflight.Status);
        Assert.Equal("https://example.org", Assert.Single(preflight.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal("authorization,content-type", Assert.Single(preflight.Headers.GetValues("Access-Control-Allow-Headers")));
        Answer other = await open.SendAsync(
            HttpMethod.Get, Models, null, ("Origin", "https://example.com"), ("Authorization", "Bearer " + Key));
        Assert.Equal(HttpStatusCode.Forbidden, other.Status);
    }

    [Theory]
    [InlineData("evil.example", HttpStatusCode.Forbidden)]
    [InlineData("evil.example:80", HttpStatusCode.Forbidden)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("127.0.0.1:1", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    public async Task A_name_that_was_made_to_point_here_is_refused(string host, HttpStatusCode status)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Assert.Equal(status, (await server.SendAsync(HttpMethod.Get, Models, null, ("Host", host))).Status);
    }

    [Fact]
    public async Task A_body_that_is_too_long_is_refused_and_the_server_goes_on()
    {
        ServerOptions options = new() { Limits = new ServerLimits { MaxBodyBytes = 2000 } };
        await using TestServer server = await TestServer.StartAsync(fixture.Model, options);
        string body = JsonSerializer.Serialize(new { prompt = new string('a', 3000) });
        Answer answer = await server.PostAsync("/v1/completions", body);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status);
        Assert.Equal("body_too_large", answer.Error.GetProperty("code").GetString());
        (await server.GetAsync(Models)).Succeeded();
    }

    [Fact]
    public async Task One_request_may_not_ask_for_any_number_of_answers()
    {
        ServerOptions options = new() { Limits = new ServerLimits { MaxChoices = 3 } };
        await using TestServer server = await TestServer.StartAsync(fixture.Model, options);
        Answer many = await server.PostAsync("/v1/completions", """{"prompt":"x","n":4}""");
        Assert.Equal("n", many.Error.GetProperty("param").GetString());
        Answer prompts = await server.PostAsync("/v1/completions", """{"prompt":["x","y"],"n":2}""");
        Assert.Equal("prompt", prompts.Error.GetProperty("param").GetString());
    }

    [Fact]
    public async Task Every_answer_carries_the_headers_of_safety()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        foreach (string path in (string[])[Models, "/nowhere", "/metrics"])
        {
            Answer answer = await server.GetAsync(path);
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            string policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.True(answer.Headers.CacheControl!.NoStore);
            Assert.StartsWith("req-", Assert.Single(answer.Headers.GetValues("X-Request-Id")), StringComparison.Ordinal);
            Assert.False(answer.Headers.Contains("Server"));
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        CapturedLog log = new();
        ServerOptions options = new() { Port = server.Server.Address.Port, Log = log };
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(
            () => InferenceServer.StartAsync(fixture.Model, options, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("cannot listen", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(log.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
    }
}
