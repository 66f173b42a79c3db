using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Inferometer.Server.Generation;
using Inferometer.Server.Hosting;
using Inferometer.Server.Metrics;
using Microsoft.Extensions.Logging;

namespace Inferometer.Server.Tests;

/// <summary>A server on a free port of this machine, and a client of it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private TestServer(InferenceServer server, CapturedLog log)
    {
        Server = server;
        Log = log;

        // A client that leaves is gone at once: by default it would read on for two seconds, to use the connection again.
        SocketsHttpHandler handler = new() { ResponseDrainTimeout = TimeSpan.Zero };
        Client = new HttpClient(handler) { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(2) };
    }

    public InferenceServer Server { get; }

    public HttpClient Client { get; }

    public CapturedLog Log { get; }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<TestServer> StartAsync(ServedModel? model, ServerOptions? options = null, LatencyForecast? forecast = null)
    {
        CapturedLog log = new();
        options = (options ?? new ServerOptions()) with { Port = 0, Log = log, LogLevel = LogLevel.Debug };
        return new TestServer(await InferenceServer.StartAsync(model, options, forecast, Cancelled), log);
    }

    public static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    public async Task<Answer> PostAsync(string path, string json) => await SendAsync(HttpMethod.Post, path, json);

    public async Task<Answer> GetAsync(string path) => await SendAsync(HttpMethod.Get, path, null);

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? json, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, path) { Content = json is null ? null : Json(json) };
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await Client.SendAsync(request, Cancelled);
        return new Answer(response.StatusCode, response.Headers, await response.Content.ReadAsStringAsync(Cancelled));
    }

    /// <summary>The data of all events of a stream, in order.</summary>
    public async Task<List<string>> EventsAsync(string path, string json)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = Json(json) };
        using HttpResponseMessage response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        string text = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        return [.. text[..^2].Split("\n\n").Select(e => e[(e.IndexOf("data: ", StringComparison.Ordinal) + 6)..])];
    }

    /// <summary>Waits for something to come true, and fails where it does not within half a minute.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "waited in vain until " + what);
            await Task.Delay(2, Cancelled);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
    }
}

/// <summary>What came back.</summary>
internal sealed record Answer(HttpStatusCode Status, HttpResponseHeaders Headers, string Text)
{
    public JsonElement Json => JsonElement.Parse(Text);

    public JsonElement Error => Json.GetProperty("error");

    public Answer Succeeded()
    {
        Assert.True(Status == HttpStatusCode.OK, Text);
        return this;
    }
}
