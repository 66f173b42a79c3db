using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Inferometer.Server.Wire;

/// <summary>Writes answers as JSON straight into the connection's buffers.</summary>
internal static class JsonBody
{
    /// <summary>As little is escaped as JSON allows: answers are read as JSON, never as HTML (<c>nosniff</c>).</summary>
    public static JsonWriterOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with one document.</summary>
    /// <param name="context">The request.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="status">Status.</param>
    /// <param name="contentType">Media type.</param>
    public static async Task WriteAsync(
        HttpContext context, Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        Utf8JsonWriter json = new(context.Response.BodyWriter, Options);
        await using (json.ConfigureAwait(false))
        {
            write(json);
            await json.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>An object.</summary>
    /// <param name="members">Writes what it holds.</param>
    public static JsonElement Element(Action<Utf8JsonWriter> members)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, Options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    /// <summary>A property that is null where there is no text.</summary>
    public static void WriteText(this Utf8JsonWriter json, ReadOnlySpan<byte> name, string? text)
    {
        if (text is null)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteString(name, text);
        }
    }
}
