using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.Wire;

/// <summary>Routes that are read.</summary>
internal static class ReadRoutes
{
    private static readonly string[] s_methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>
    /// Maps a route for GET, and for HEAD, which is answered alike without a body: the server sends none, whatever the route writes.
    /// </summary>
    /// <param name="routes">Where it is added.</param>
    /// <param name="path">Its path.</param>
    /// <param name="answer">Answers.</param>
    public static IEndpointConventionBuilder MapRead(this IEndpointRouteBuilder routes, string path, RequestDelegate answer) =>
        routes.MapMethods(path, s_methods, answer);
}
