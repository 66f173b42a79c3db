using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Inferometer.Server.Tests.Upstreams;

/// <summary>
/// A server that does as it is told, down to the socket: answers, answers late, refuses, breaks off in the middle, or is not there.
/// </summary>
internal sealed class ScriptedUpstream : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<TcpClient> _clients = [];
    private TcpListener _listener;
    private Task _accepting;

    public ScriptedUpstream()
    {
        _listener = new TcpListener(IPAddress.Loopback, 0);
        _listener.Start();
        Address = new Uri($"http://{_listener.LocalEndpoint}");
        _accepting = AcceptAsync(_listener);
    }

    public Uri Address { get; }

    /// <summary>What it does with a request: writes an answer, which the connection is closed after.</summary>
    public Func<string, NetworkStream, CancellationToken, Task> Answer { get; set; } = (_, stream, _) => WriteAsync(stream, 200, "{}");

    /// <summary>Whether it says that it is well.</summary>
    public bool IsWell { get; set; } = true;

    /// <summary>Requests that came, the looks at its health left out: head and body.</summary>
    public List<string> Requests { get; } = [];

    public static async Task WriteAsync(NetworkStream stream, int status, string body, string headers = "")
    {
        byte[] bytes = Encoding.UTF8.GetBytes(
            $"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\n{headers}"
                + $"Content-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
        await stream.WriteAsync(bytes);
    }

    /// <summary>Begins a stream of events and writes some; the last chunk, which ends it, is left out.</summary>
    public static async Task BeginStreamAsync(NetworkStream stream, params string[] events)
    {
        await stream.WriteAsync(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"u8.ToArray());
        foreach (string each in events)
        {
            string data = $"data: {each}\n\n";
            await stream.WriteAsync(Encoding.UTF8.GetBytes($"{data.Length:x}\r\n{data}\r\n"));
        }
    }

    /// <summary>Is gone: nobody takes connections at its address.</summary>
    public void GoAway() => _listener.Stop();

    /// <summary>Is there again.</summary>
    public void ComeBack()
    {
        _listener = new TcpListener(IPAddress.Loopback, Address.Port);
        _listener.Start();
        _accepting = AcceptAsync(_listener);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        foreach (TcpClient client in _clients)
        {
            client.Dispose();
        }

        _stop.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                TcpClient client = await listener.AcceptTcpClientAsync(_stop.Token);
                lock (_clients)
                {
                    _clients.Add(client);
                }

                _ = ServeAsync(client);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // It goes away: while it waits, or (then it is "not listening") between two connections.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                if (await ReadAsync(stream) is not { } request)
                {
                    return;
                }

                if (request.StartsWith("GET /health ", StringComparison.Ordinal))
                {
                    await WriteAsync(stream, IsWell ? 200 : 503, "{}");
                    return;
                }

                lock (Requests)
                {
                    Requests.Add(request);
                }

                await Answer(request, stream, _stop.Token);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // Whoever asked is gone.
            }
        }
    }

    // Null where the other side leaves before it has asked, as a look at the health does that took too long.
    private static async Task<string?> ReadAsync(NetworkStream stream)
    {
        byte[] buffer = new byte[1 << 16];
        int length = 0;
        while (true)
        {
            int read = await stream.ReadAsync(buffer.AsMemory(length));
            length += read;
            string text = Encoding.UTF8.GetString(buffer, 0, length);
            int head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (head >= 0 && length >= head + 4 + LengthOf(text[..head]))
            {
                return text;
            }

            if (read == 0)
            {
                return null;
            }
        }
    }

    private static int LengthOf(string head)
    {
        string? line = head.Split("\r\n").FirstOrDefault(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return line is null ? 0 : int.Parse(line["Content-Length:".Length..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
