using System.Diagnostics;
using System.Globalization;
using Inferometer.Server.Generation;
using Inferometer.Server.Metrics;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Inferometer.Server.Hosting;

/// <summary>
/// What every request passes: an id, headers, the checks of who asks, and at the end one line of log, one count, and where something went
/// wrong an error that the route's clients understand.
/// </summary>
internal sealed class RequestGate(
    RequestDelegate next, ApiKeys keys, OriginGuard origins, ServerState state, ResponseCounts counts, ILogger logger)
{
    private const string IdHeader = "X-Request-Id";
    private const int LongestId = 64;
    private const int ClientLeft = 499; // as nginx counts it

    public async Task InvokeAsync(HttpContext context)
    {
        long start = Stopwatch.GetTimestamp();
        context.TraceIdentifier = IdOf(context.Request);
        WriteHeaders(context);
        state.Enter();
        int status = ClientLeft;
        try
        {
            status = await AnswerAsync(context).ConfigureAwait(false);
        }
        finally
        {
            state.Leave();
            Report(context, status, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    private async Task<int> AnswerAsync(HttpContext context)
    {
        try
        {
            await CheckAndAnswerAsync(context).ConfigureAwait(false);
            return context.Response.StatusCode;
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            return ClientLeft; // whatever went wrong, nobody is there to be told
        }
        catch (Exception error)
        {
            ApiException answer = Explain(context, error);
            await WriteErrorAsync(context, answer).ConfigureAwait(false);
            return answer.Status;
        }
    }

    private async Task CheckAndAnswerAsync(HttpContext context)
    {
        if (origins.Check(context))
        {
            return;
        }

        Endpoint? endpoint = context.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<OpenRoute>() is null)
        {
            if (!keys.Admit(context.Request))
            {
                context.Response.Headers.WWWAuthenticate = "Bearer";
                throw new ApiException(
                    StatusCodes.Status401Unauthorized, "authentication_error",
                    "An API key is needed: send it as 'Authorization: Bearer KEY'.")
                { Code = "invalid_api_key" };
            }

            if (state.IsDraining)
            {
                context.Response.Headers.Connection = "close";
                throw ApiException.Unavailable("The server is stopping and takes no more requests.", "server_stopping", 5);
            }
        }

        await next(context).ConfigureAwait(false);
        if (!context.Response.HasStarted && context.Response.StatusCode is StatusCodes.Status404NotFound
            or StatusCodes.Status405MethodNotAllowed)
        {
            throw Unknown(context);
        }
    }

    private ApiException Explain(HttpContext context, Exception error)
    {
        switch (error)
        {
            case ApiException { Cause: { } cause } failed:
                ServerLog.Faulted(logger, cause, context.Request.Method, RouteOf(context), context.TraceIdentifier);
                return failed;
            case ApiException known:
                ServerLog.Refused(
                    logger, context.Request.Method, RouteOf(context), known.Code ?? known.Type, known.Status, context.TraceIdentifier);
                return known;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                context.Response.Headers.Connection = "close"; // the rest of the body is not read
                return new ApiException(
                    StatusCodes.Status413PayloadTooLarge, "invalid_request_error", "The request's body is longer than this server takes.")
                { Code = "body_too_large" };
            case BadHttpRequestException bad:
                return new ApiException(bad.StatusCode, "invalid_request_error", "The request is malformed.") { Code = "malformed" };
            default:
                ServerLog.Faulted(logger, error, context.Request.Method, RouteOf(context), context.TraceIdentifier);
                return ApiException.Internal($"The server failed at this request. Its log says why, under {context.TraceIdentifier}.");
        }
    }

    private static async Task WriteErrorAsync(HttpContext context, ApiException error)
    {
        ErrorStyle style = StyleOf(context);
        if (!context.Response.HasStarted)
        {
            if (error.RetryAfterSeconds is { } seconds)
            {
                context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            }

            await JsonBody.WriteAsync(context, json => style.Write(json, error), error.Status, style.ContentType).ConfigureAwait(false);
            return;
        }

        MessageStream stream = MessageStream.Resume(context);
        await using (stream.ConfigureAwait(false))
        {
            style.Write(stream.Start(), error);
            stream.End();
            await stream.FlushAsync().ConfigureAwait(false);
        }

        throw new BrokenStreamException(error);
    }

    private static ApiException Unknown(HttpContext context)
    {
        int status = context.Response.StatusCode;
        string message = status == StatusCodes.Status404NotFound
            ? "There is no such path here."
            : $"The path does not take {(context.Request.Method.Length <= 10 ? context.Request.Method : "this method")}.";
        return new ApiException(status, "invalid_request_error", message) { Code = "unknown_url" };
    }

    private static ErrorStyle StyleOf(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<ErrorStyle>()
        ?? (context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal) ? ErrorStyle.Ollama : ErrorStyle.OpenAi);

    private static string RouteOf(HttpContext context) => (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "unknown";

    private static void WriteHeaders(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers[IdHeader] = context.TraceIdentifier;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
    }

    /// <summary>The client's own id where it gave one that may stand in a log; otherwise a new one.</summary>
    private static string IdOf(HttpRequest request)
    {
        string given = request.Headers[IdHeader].ToString();
        bool fits = given.Length is > 0 and <= LongestId && given.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
        return fits ? given : "req-" + Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
    }

    private void Report(HttpContext context, int status, double milliseconds)
    {
        string route = RouteOf(context);
        counts.Add(route, status);
        if (status == ClientLeft)
        {
            ServerLog.Left(logger, context.Request.Method, route, milliseconds, context.TraceIdentifier);
        }
        else
        {
            ServerLog.Answered(logger, context.Request.Method, route, status, milliseconds, context.TraceIdentifier);
        }
    }
}
