using Inferometer.Server.Mcp;
using Inferometer.Server.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Inferometer.Server.Hosting;

/// <summary>The web application that a server runs in: its connections, its log, and where its traces go.</summary>
internal static class ServerApplication
{
    /// <summary>Builds it; nothing is mapped yet.</summary>
    public static WebApplication Build(ServerOptions options)
    {
        // Nothing is read from files or the environment: what is not in the options does not hold.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ApplicationName = "inferometer", ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Configure(kestrel, options));

        // What reads a request answers it, and who writes a piece sends it: a second thread of the pool has to get a processor first, and
        // where the engine has them all that takes up to one slice of the system's scheduler, 2 to 3 ms, for the first token as for others.
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.Services.AddRoutingCore();
        McpEndpoints.AddServices(builder.Services, options.Catalogs);
        if (options.Upstreams is not null)
        {
            builder.Services.AddHttpForwarder();
        }

        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        AddLog(builder.Logging, options);
        if (options.OtlpEndpoint is { } endpoint)
        {
            // ASP.NET Core's own span of a request is the parent of ours, and what a sampler decides of it holds for both.
            builder.Services.AddOpenTelemetry()
                .ConfigureResource(resource => resource.AddService("inferometer", serviceVersion: StatusEndpoints.Version))
                .WithTracing(tracing => tracing
                    .AddSource(Telemetry.Name, "Microsoft.AspNetCore").AddOtlpExporter(otlp => otlp.Endpoint = endpoint))
                .WithMetrics(metering => metering.AddMeter(Telemetry.Name).AddOtlpExporter(otlp => otlp.Endpoint = endpoint));
        }

        return builder.Build();
    }

    private static void Configure(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.Limits.MaxBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = options.Limits.MaxConnections;
        foreach (System.Net.IPAddress address in options.Addresses())
        {
            kestrel.Listen(address, options.Port, listen =>
            {
                if (options.Certificate is { } certificate)
                {
                    listen.UseHttps(
                        https => (https.ServerCertificate, https.ServerCertificateChain) = (certificate.Own, certificate.Chain));
                }
            });
        }
    }

    private static void AddLog(ILoggingBuilder logging, ServerOptions options)
    {
        logging.SetMinimumLevel(options.LogLevel).AddFilter("Microsoft", LogLevel.Warning);

        // An answer that broke off is thrown to it on purpose; all other errors are caught and logged before it sees them.
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Critical);

        // Why it cannot start is thrown, and told once, in one line.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        if (options.Log is { } own)
        {
            logging.AddProvider(own);
            return;
        }

        if (options.LogsJson)
        {
            logging.AddJsonConsole(json => json.UseUtcTimestamp = true);
        }
        else
        {
            logging.AddSimpleConsole(text =>
            {
                text.SingleLine = true;
                text.TimestampFormat = "HH:mm:ss ";
                text.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }

        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    /// <summary>The host waits for no signal.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
