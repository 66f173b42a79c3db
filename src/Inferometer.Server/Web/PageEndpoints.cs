using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.Web;

/// <summary>The web page, from <c>/</c> on. It holds no secrets, so it is given without a key; what it asks for needs one.</summary>
internal sealed class PageEndpoints : IEndpointGroup
{
    private const string Start = "index.html";
    private const string LeftOut =
        "This build has no web page: Node.js was missing when it was made. /api/v1/openapi.json lists the API.\n";

    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (PageFile file in PageFiles.All.Values)
        {
            string path = string.Equals(file.Name, Start, StringComparison.Ordinal) ? "/" : "/" + file.Name;
            routes.MapRead(path, context => WriteAsync(context, file)).WithMetadata(ErrorStyle.OpenAi, OpenRoute.Mark);
        }

        if (!PageFiles.All.ContainsKey(Start))
        {
            routes.MapRead("/", context => context.Response.WriteAsync(LeftOut, context.RequestAborted))
                .WithMetadata(ErrorStyle.OpenAi, OpenRoute.Mark);
        }
    }

    private static async Task WriteAsync(HttpContext context, PageFile file)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ETag = file.ETag;
        headers.Vary = "Accept-Encoding";
        headers.CacheControl = file.IsImmutable ? "public, max-age=31536000, immutable" : "no-cache";
        headers.ContentSecurityPolicy = Policy;
        if (context.Request.Headers.IfNoneMatch.ToString().Contains(file.ETag, StringComparison.Ordinal))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        (byte[] bytes, string? encoding) = file.For(context.Request.Headers.AcceptEncoding.ToString());
        if (encoding is not null)
        {
            headers.ContentEncoding = encoding;
        }

        context.Response.ContentType = file.ContentType;
        context.Response.ContentLength = bytes.Length;
        if (HttpMethods.IsGet(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
        }
    }
}
