using System.Collections.Concurrent;
using System.Text;
using Inferometer.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Inferometer.Server.Tests.Metrics;

/// <summary>Traces and metrics reach a collector by OTLP, under OpenTelemetry's names.</summary>
[Collection(EngineTests.Name)]
public sealed class TelemetryTests(EngineFixture fixture)
{
    private const string Services = "/opentelemetry.proto.collector";

    [Fact]
    public async Task A_collector_gets_spans_and_histograms_by_otlp()
    {
        ConcurrentDictionary<string, string> received = new();
        await using WebApplication collector = await StartCollectorAsync(received);
        TestServer server = await TestServer.StartAsync(
            fixture.Model, new ServerOptions { OtlpEndpoint = new Uri(collector.Urls.First()) });
        (await server.PostAsync("/v1/completions", """{"prompt":"Once","max_tokens":3,"ignore_eos":true}""")).Succeeded();
        await server.DisposeAsync(); // what was not sent yet is sent now
        string spans = received[$"{Services}.trace.v1.TraceService/Export"];
        Assert.Contains("text_completion tales", spans, StringComparison.Ordinal);
        Assert.Contains("gen_ai.operation.name", spans, StringComparison.Ordinal);
        Assert.Contains("gen_ai.usage.output_tokens", spans, StringComparison.Ordinal);
        string metrics = received[$"{Services}.metrics.v1.MetricsService/Export"];
        foreach (string name in (string[])
            ["gen_ai.server.request.duration", "gen_ai.server.time_to_first_token", "gen_ai.server.time_per_output_token",
                "gen_ai.client.token.usage"])
        {
            Assert.Contains(name, metrics, StringComparison.Ordinal);
        }
    }

    /// <summary>The least that answers gRPC: keeps each message's bytes, in which names stand as they are.</summary>
    private static async Task<WebApplication> StartCollectorAsync(ConcurrentDictionary<string, string> received)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(
            kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddRoutingCore();
        WebApplication collector = builder.Build();
        collector.MapPost("/{**path}", async context =>
        {
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            string text = Encoding.Latin1.GetString(body.ToArray());
            received.AddOrUpdate(context.Request.Path, text, (_, before) => before + text);
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5], context.RequestAborted);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await collector.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }
}
