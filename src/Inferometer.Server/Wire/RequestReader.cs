using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Inferometer.Server.Wire;

/// <summary>Reads the JSON document of a request. How long it may be is the server's limit, which Kestrel holds.</summary>
internal static class RequestReader
{
    /// <summary>How deep documents may be.</summary>
    public static JsonDocumentOptions Options { get; } = new() { MaxDepth = 64 };

    /// <summary>Reads the body, whatever media type it claims to be: command-line clients send JSON as a form.</summary>
    /// <returns>The document; dispose it once nothing of it is looked at.</returns>
    /// <exception cref="ApiException">It is no JSON.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpContext context)
    {
        try
        {
            return await JsonDocument.ParseAsync(context.Request.Body, Options, context.RequestAborted).ConfigureAwait(false);
        }
        catch (JsonException error)
        {
            string place = FormattableString.Invariant($"line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}");
            throw ApiException.Invalid(null, $"The request's body is no JSON document ({place}).");
        }
    }
}
