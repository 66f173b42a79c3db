using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Inferometer.Server.Upstreams;

/// <summary>
/// What is changed of a request on its way to one server, and of its answer on the way back. An answer that another server could give
/// better is held back.
/// </summary>
/// <param name="apiKey">The key that the server asks for; null = none.</param>
/// <param name="isKeyed">Whether the client's key is for this server, and none of the other's business.</param>
/// <param name="mayRetry">Whether another server could be asked.</param>
internal sealed class UpstreamTransformer(string? apiKey, bool isKeyed, bool mayRetry) : HttpTransformer
{
    // What this server says itself, and who may ask it, is not for those behind it to say.
    private static readonly string[] s_own =
    [
        "X-Request-Id", HeaderNames.XContentTypeOptions, HeaderNames.CacheControl, HeaderNames.ContentSecurityPolicy, "Referrer-Policy",
        HeaderNames.AccessControlAllowOrigin, HeaderNames.AccessControlAllowMethods, HeaderNames.AccessControlAllowHeaders,
        HeaderNames.AccessControlAllowCredentials, HeaderNames.AccessControlMaxAge, HeaderNames.AccessControlExposeHeaders,
        HeaderNames.Vary, HeaderNames.Server, HeaderNames.SetCookie,
    ];

    /// <summary>Whether the answer was held back.</summary>
    public bool HeldBack { get; private set; }

    /// <inheritdoc/>
    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken).ConfigureAwait(false);
        proxyRequest.Headers.Host = null;
        proxyRequest.Headers.Remove(HeaderNames.Origin);
        proxyRequest.Headers.Remove(HeaderNames.Cookie);
        proxyRequest.Headers.Remove("X-Request-Id");
        proxyRequest.Headers.Add("X-Request-Id", httpContext.TraceIdentifier);
        if (isKeyed || apiKey is not null)
        {
            proxyRequest.Headers.Remove(HeaderNames.Authorization);
        }

        if (apiKey is not null)
        {
            proxyRequest.Headers.Add(HeaderNames.Authorization, "Bearer " + apiKey);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null)
        {
            return new ValueTask<bool>(false);
        }

        if (mayRetry && (int)proxyResponse.StatusCode is StatusCodes.Status429TooManyRequests or StatusCodes.Status502BadGateway
            or StatusCodes.Status503ServiceUnavailable)
        {
            HeldBack = true;
            return new ValueTask<bool>(false);
        }

        foreach (string name in s_own)
        {
            proxyResponse.Headers.Remove(name);
        }

        return base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
    }
}
