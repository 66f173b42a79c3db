using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Inferometer.Server.Wire;

/// <summary>
/// An answer that is sent in pieces, each a JSON document: as server-sent events, or one a line. One writer and the connection's buffers
/// serve all pieces, so that a piece allocates nothing. Not thread-safe.
/// </summary>
internal sealed class MessageStream : IAsyncDisposable
{
    private const string EventType = "text/event-stream; charset=utf-8";

    private readonly HttpContext _context;
    private readonly PipeWriter _body;
    private readonly Utf8JsonWriter _json;
    private readonly bool _isEvents;

    private MessageStream(HttpContext context, bool isEvents)
    {
        _context = context;
        _body = context.Response.BodyWriter;
        _json = new Utf8JsonWriter(_body, JsonBody.Options);
        _isEvents = isEvents;
    }

    /// <summary>Begins an answer of server-sent events (<c>data: {...}</c>, a blank line).</summary>
    public static Task<MessageStream> EventsAsync(HttpContext context) => BeginAsync(context, EventType, isEvents: true);

    /// <summary>Begins an answer of one JSON document a line.</summary>
    public static Task<MessageStream> LinesAsync(HttpContext context) => BeginAsync(context, "application/x-ndjson", isEvents: false);

    /// <summary>Goes on with an answer that was begun: to say that it cannot be finished.</summary>
    public static MessageStream Resume(HttpContext context) => new(context, context.Response.ContentType is EventType);

    /// <summary>Begins a piece.</summary>
    /// <param name="name">Name of the event; empty = none. Lines have none.</param>
    /// <returns>Writes the piece; <see cref="End"/> ends it.</returns>
    public Utf8JsonWriter Start(ReadOnlySpan<byte> name = default)
    {
        if (_isEvents)
        {
            if (!name.IsEmpty)
            {
                _body.Write("event: "u8);
                _body.Write(name);
                _body.Write("\n"u8);
            }

            _body.Write("data: "u8);
        }

        _json.Reset();
        return _json;
    }

    /// <summary>Ends a piece; it is sent with the next <see cref="FlushAsync"/>.</summary>
    public void End()
    {
        _json.Flush();
        _body.Write(_isEvents ? "\n\n"u8 : "\n"u8);
    }

    /// <summary>The last event of OpenAI's streams, which is no JSON.</summary>
    public void Done() => _body.Write("data: [DONE]\n\n"u8);

    /// <summary>Sends what was written; waits where the client reads more slowly than is written.</summary>
    public async ValueTask FlushAsync() => await _body.FlushAsync(_context.RequestAborted).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // What stands in the writer half written belongs to nobody: an error is on its way.
        _json.Reset();
        await _json.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<MessageStream> BeginAsync(HttpContext context, string contentType, bool isEvents)
    {
        context.Response.ContentType = contentType;
        context.Response.Headers["X-Accel-Buffering"] = "no"; // proxies are not to collect the pieces
        await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        return new MessageStream(context, isEvents);
    }
}
