using System.Text.Json.Nodes;
using System.Threading.Channels;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Inferometer.Server.Mcp;

/// <summary>
/// Streams of which the input ends when every request before its end has been answered or cancelled. The protocol's own transport sends
/// nothing once its input has ended, and a program that writes its requests and closes, as a pipe of a shell does, would get no answer.
/// </summary>
internal sealed class AnsweringTransport : ITransport
{
    private readonly StreamServerTransport _inner;
    private readonly Channel<JsonRpcMessage> _messages = Channel.CreateUnbounded<JsonRpcMessage>(new() { SingleWriter = true });
    private readonly HashSet<RequestId> _open = [];
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop;
    private readonly Task _reading;
    private bool _begun;
    private bool _ended;

    /// <summary>Begins to read.</summary>
    /// <param name="input">Where requests come from; disposed with this.</param>
    /// <param name="output">Where answers go; disposed with this.</param>
    /// <param name="name">What the server is called in logs.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public AnsweringTransport(Stream input, Stream output, string name, CancellationToken cancellationToken)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _inner = new StreamServerTransport(new HeldInput(input, AnsweredAsync), output, name);
        lock (_open)
        {
            _begun = true; // its reading begins in its constructor, and an empty input has ended before that does
            Release();
        }

        _reading = ReadAsync(_stop.Token);
    }

    /// <inheritdoc/>
    public string? SessionId => _inner.SessionId;

    /// <inheritdoc/>
    public ChannelReader<JsonRpcMessage> MessageReader => _messages.Reader;

    /// <inheritdoc/>
    public async Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
    {
        await _inner.SendMessageAsync(message, cancellationToken).ConfigureAwait(false);
        if (message is JsonRpcResponse or JsonRpcError)
        {
            lock (_open)
            {
                _open.Remove(((JsonRpcMessageWithId)message).Id);
                Release();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        await _inner.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    // A message is noted as it leaves the queue: it is seen there or here, by whoever looks whether anything is open.
    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        Exception? fault = null;
        try
        {
            while (await _inner.MessageReader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                JsonRpcMessage? message;
                lock (_open)
                {
                    if (!_inner.MessageReader.TryRead(out message))
                    {
                        continue;
                    }

                    Note(message);
                    Release();
                }

                await _messages.Writer.WriteAsync(message, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped from outside: nobody waits for answers any more.
        }
        catch (Exception error)
        {
            fault = error;
        }

        _messages.Writer.TryComplete(fault);
    }

    // The input is at its end: what came before is in the queue, noted or answered.
    private Task AnsweredAsync(CancellationToken cancellationToken)
    {
        lock (_open)
        {
            _ended = true;
            Release();
        }

        return _answered.Task.WaitAsync(cancellationToken);
    }

    private void Note(JsonRpcMessage message)
    {
        switch (message)
        {
            case JsonRpcRequest request:
                _open.Add(request.Id);
                break;
            case JsonRpcNotification { Method: NotificationMethods.CancelledNotification, Params: { } given }
                when given["requestId"] is JsonValue id:
                // No answer need come to what was cancelled.
                _open.Remove(id.TryGetValue(out long number) ? new RequestId(number) : new RequestId(id.ToString()));
                break;
        }
    }

    private void Release()
    {
        if (_begun && _ended && _open.Count == 0 && !_inner.MessageReader.TryPeek(out _))
        {
            _answered.TrySetResult();
        }
    }

    /// <summary>A stream whose end is held back until a task has ended. A last line that has no line end gets one.</summary>
    private sealed class HeldInput(Stream inner, Func<CancellationToken, Task> end) : Stream
    {
        private byte _last = (byte)'\n';

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read == 0 && buffer.Length > 0)
            {
                if (_last == (byte)'\n')
                {
                    await end(cancellationToken).ConfigureAwait(false);
                    return 0;
                }

                buffer.Span[0] = (byte)'\n';
                read = 1;
            }

            _last = read > 0 ? buffer.Span[read - 1] : _last;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
