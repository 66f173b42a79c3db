using System.Reflection;
using Inferometer.Server.Generation;
using Inferometer.Server.Metrics;
using Inferometer.Server.Upstreams;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.Hosting;

/// <summary><c>/health</c>, <c>/ready</c>, <c>/version</c> and <c>/metrics</c>: for those who look after the server.</summary>
/// <param name="state">Whether the server takes requests.</param>
/// <param name="service">The model; null = none is served here.</param>
/// <param name="upstreams">Servers that answer in its place; null = none.</param>
/// <param name="counts">What else the page of metrics shows.</param>
internal sealed class StatusEndpoints(
    ServerState state, ModelService? service, UpstreamPool? upstreams, IReadOnlyList<Action<PrometheusText>> counts) : IEndpointGroup
{
    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/health", context => AnswerAsync(context, isReady: true, isHealth: true))
            .WithMetadata(ErrorStyle.OpenAi, OpenRoute.Mark);
        routes.MapRead(
            "/ready",
            context => AnswerAsync(
                context, isReady: state is { IsDraining: false, IsWarm: true } && upstreams is not { HasHealthy: false }, isHealth: false))
            .WithMetadata(ErrorStyle.OpenAi, OpenRoute.Mark);
        routes.MapRead("/version", WriteVersionAsync).WithMetadata(ErrorStyle.OpenAi);
        routes.MapRead("/metrics", WriteMetricsAsync).WithMetadata(ErrorStyle.OpenAi);
    }

    /// <summary>The program's version, without the commit.</summary>
    public static string Version { get; } = typeof(StatusEndpoints).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    private Task AnswerAsync(HttpContext context, bool isReady, bool isHealth)
    {
        // One that has failed is told of at once; who asks whether requests can be sent is told so where none answers.
        if (service?.Replicas.All is { } replicas
            && (isHealth ? replicas.Any(HasFailed) : replicas.All(HasFailed)))
        {
            throw ApiException.Unavailable(
                replicas.Count == 1
                    ? "The engine has failed and answers no more; the server must be started anew."
                    : FormattableString.Invariant(
                        $"{replicas.Count(HasFailed)} of {replicas.Count} replicas have failed; the server must be started anew."),
                "engine_failed");
        }

        return isReady
            ? JsonBody.WriteAsync(context, static json =>
            {
                json.WriteStartObject();
                json.WriteString("status"u8, "ok"u8);
                json.WriteEndObject();
            })
            : throw (state.IsDraining ? ModelService.Stopped()
                : !state.IsWarm ? ApiException.Unavailable("The server is starting.", "server_starting", 1)
                : UpstreamPool.NoneAnswers());
    }

    private static bool HasFailed(Replica replica) => replica.Engine.Fault is not null;

    private static Task WriteVersionAsync(HttpContext context) => JsonBody.WriteAsync(context, static json =>
    {
        json.WriteStartObject();
        json.WriteString("version"u8, Version);
        json.WriteEndObject();
    });

    private async Task WriteMetricsAsync(HttpContext context)
    {
        context.Response.ContentType = PrometheusText.ContentType;
        MetricsPage.Write(context.Response.BodyWriter, [.. service?.Replicas.All.Select(replica => replica.Metrics) ?? []], counts);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}
