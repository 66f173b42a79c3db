using System.Text.Json;
using Inferometer.Core;
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
            return RequireText(await JsonDocument.ParseAsync(context.Request.Body, Options, context.RequestAborted).ConfigureAwait(false));
        }
        catch (JsonException error)
        {
            string place = FormattableString.Invariant($"line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}");
            throw ApiException.Invalid(null, $"The request's body is no JSON document ({place}).");
        }
    }

    /// <summary>A document all of whose names and texts can be read.</summary>
    /// <exception cref="ApiException">One is no Unicode; the document is disposed.</exception>
    public static JsonDocument RequireText(JsonDocument document)
    {
        if (JsonUnicode.PlaceOfUnsound(document.RootElement) is not { } place)
        {
            return document;
        }

        document.Dispose();
        throw place.Length == 0
            ? ApiException.Invalid(null, "The request's body holds text that is no Unicode.")
            : ApiException.Invalid(place, $"{place}: holds text that is no Unicode.");
    }
}
