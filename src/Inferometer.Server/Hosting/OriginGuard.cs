using System.Net;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Http;

namespace Inferometer.Server.Hosting;

/// <summary>
/// Keeps web pages of others from using the server through the browser of somebody who may. A browser says which page asks
/// (<c>Origin</c>), and a page that had its own name point to this machine is told by the name it asks for (<c>Host</c>).
/// </summary>
internal sealed class OriginGuard(ServerOptions options)
{
    private readonly bool _checksHost = options.IsLoopback && options.ApiKeys.Count == 0;

    /// <summary>Lets a request pass, and answers a browser's question whether it would.</summary>
    /// <returns>True where it was answered here.</returns>
    /// <exception cref="ApiException">It comes from somewhere else.</exception>
    public bool Check(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (_checksHost && !IsThisMachine(request.Host.Host))
        {
            throw Refused("host_not_allowed", "The server is asked for by a name that is not this machine's; use 127.0.0.1 or localhost.");
        }

        string origin = request.Headers.Origin.ToString();
        if (origin.Length == 0)
        {
            return false;
        }

        bool isOwn = string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
        if (!isOwn && !options.AllowedOrigins.Contains("*", StringComparer.Ordinal)
            && !options.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase))
        {
            throw Refused("origin_not_allowed", "Web pages of this origin may not use the server.");
        }

        IHeaderDictionary headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.Vary = "Origin";
        if (!HttpMethods.IsOptions(request.Method) || request.Headers.AccessControlRequestMethod.Count == 0)
        {
            return false;
        }

        headers.AccessControlAllowMethods = "GET, POST";
        headers.AccessControlAllowHeaders = request.Headers.AccessControlRequestHeaders;
        headers.AccessControlMaxAge = "600";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }

    private static bool IsThisMachine(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));

    private static ApiException Refused(string code, string message) =>
        new(StatusCodes.Status403Forbidden, "permission_error", message) { Code = code };
}
