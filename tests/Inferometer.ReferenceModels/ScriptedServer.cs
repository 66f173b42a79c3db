using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Inferometer.ReferenceModels;

/// <summary>
/// A server of the OpenAI interface whose answers follow a script and that notes when it wrote each piece: what a load generator says can
/// be checked against it. HTTP is written by hand over a socket on loopback; one piece is one write.
/// </summary>
public sealed class ScriptedServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<Asked, Script> _script;
    private int _asked;
    private int _underWay;
    private int _most;

    /// <summary>Starts to listen at a free port.</summary>
    /// <param name="script">What to answer to each request.</param>
    public ScriptedServer(Func<Asked, Script> script)
    {
        _script = script;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Names of the models that it lists; every one of them answers.</summary>
    public IReadOnlyList<string> Models { get; init; } = ["scripted"];

    /// <summary>Its address.</summary>
    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Every streamed answer with when its pieces were written, <see cref="Stopwatch"/> ticks.</summary>
    public ConcurrentBag<Written> Answers { get; } = [];

    /// <summary>Most streamed answers under way at once.</summary>
    public int MostUnderWay => _most;

    public void Dispose()
    {
        _end.Cancel();
        _listener.Stop();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
                client.NoDelay = true;
                _ = ServeAsync(client);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The server has ended.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                byte[] buffer = new byte[65536];
                int held = 0;
                while (true)
                {
                    int head;
                    while ((head = buffer.AsSpan(0, held).IndexOf("\r\n\r\n"u8)) < 0)
                    {
                        held += await ReadAsync(stream, buffer, held);
                    }

                    string[] lines = Encoding.ASCII.GetString(buffer, 0, head).Split("\r\n");
                    int length = lines.Select(l => l.Split(':', 2))
                        .Where(p => p[0].Equals("content-length", StringComparison.OrdinalIgnoreCase))
                        .Select(p => int.Parse(p[1], CultureInfo.InvariantCulture)).FirstOrDefault();
                    int end = head + 4 + length; // a body in chunks is none here, as with other simple servers
                    while (held < end)
                    {
                        held += await ReadAsync(stream, buffer, held);
                    }

                    string body = Encoding.UTF8.GetString(buffer, head + 4, length);
                    buffer.AsSpan(end, held - end).CopyTo(buffer);
                    held -= end;
                    if (!await AnswerAsync(stream, lines[0], body))
                    {
                        return;
                    }
                }
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The client went away.
            }
        }
    }

    private async Task<int> ReadAsync(NetworkStream stream, byte[] buffer, int held)
    {
        int read = await stream.ReadAsync(buffer.AsMemory(held), _end.Token);
        return read > 0 ? read : throw new IOException("closed");
    }

    private async Task<bool> AnswerAsync(NetworkStream stream, string line, string body)
    {
        if (line.StartsWith("GET /v1/models", StringComparison.Ordinal))
        {
            string listed = JsonSerializer.Serialize(Models.Select(model => new { id = model }));
            return await WriteAsync(stream, 200, $$"""{"object":"list","data":{{listed}}}""");
        }

        using JsonDocument request = JsonDocument.Parse(body);
        JsonElement root = request.RootElement;
        string prompt = root.TryGetProperty("prompt", out JsonElement text) ? text.GetString()!
            : root.GetProperty("messages")[0].GetProperty("content").GetString()!;
        int promptTokens = prompt.Split(' ').Length + 3;
        if (!root.GetProperty("stream").GetBoolean())
        {
            return await WriteAsync(
                stream, 200,
                """{"choices":[{"text":" a","finish_reason":"length"}],"""
                    + $$"""  "usage":{"prompt_tokens":{{promptTokens}},"completion_tokens":1} }""");
        }

        int now = Interlocked.Increment(ref _underWay);
        _most = Math.Max(_most, now);
        try
        {
            Asked asked = new(Interlocked.Increment(ref _asked) - 1, prompt, promptTokens, root.GetProperty("max_tokens").GetInt32(), body);
            return await StreamAsync(stream, asked, _script(asked));
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private async Task<bool> StreamAsync(NetworkStream stream, Asked asked, Script script)
    {
        if (script.HangsUp)
        {
            return false;
        }

        if (script.Status != 200)
        {
            return await WriteAsync(stream, script.Status, script.Body);
        }

        await stream.WriteAsync(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(), _end.Token);
        long[] written = new long[script.Delays.Count];
        for (int i = 0; i < script.Delays.Count; i++)
        {
            await WaitAsync(script.Delays[i]);
            byte[] piece = Piece(script.PieceOf?.Invoke(i) ?? """{"choices":[{"index":0,"text":" word","finish_reason":null}]}""");
            written[i] = Stopwatch.GetTimestamp();
            await stream.WriteAsync(piece, _end.Token);
        }

        Answers.Add(new Written(asked, written));
        if (script.BreaksOff)
        {
            return false;
        }

        await stream.WriteAsync(Piece($$$"""{"choices":[{"index":0,"text":"","finish_reason":{{{script.FinishReason}}}}]}"""), _end.Token);
        int tokens = script.Tokens ?? script.Delays.Count;
        if (!script.SendsNoUsage)
        {
            await stream.WriteAsync(
                Piece(
                    $$"""{"choices":[],"usage":{"prompt_tokens":{{asked.PromptTokens}},"completion_tokens":{{tokens}},"""
                    + """ "prompt_tokens_details":{"cached_tokens":2} } }"""),
                _end.Token);
        }

        await stream.WriteAsync(Piece("[DONE]"), _end.Token);
        await stream.WriteAsync("0\r\n\r\n"u8.ToArray(), _end.Token);
        return true;
    }

    // Timers may end a few milliseconds early. Nobody waits awake for the rest: that would keep the processors from whoever reads.
    private async Task WaitAsync(TimeSpan delay)
    {
        long start = Stopwatch.GetTimestamp();
        await Task.Delay(delay, _end.Token);
        while (Stopwatch.GetElapsedTime(start) < delay)
        {
            await Task.Delay(1, _end.Token);
        }
    }

    private async Task<bool> WriteAsync(NetworkStream stream, int status, string body)
    {
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text), _end.Token);
        return true;
    }

    private static byte[] Piece(string data)
    {
        string line = $"data: {data}\n\n";
        return Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetByteCount(line):x}\r\n{line}\r\n"));
    }

    /// <summary>A request as it came.</summary>
    public sealed record Asked(int Number, string Prompt, int PromptTokens, int MaxTokens, string Body);

    /// <summary>When the pieces of an answer were written.</summary>
    public sealed record Written(Asked Asked, long[] Ticks);

    /// <summary>An answer: pieces of text, each after a delay.</summary>
    public sealed record Script(IReadOnlyList<TimeSpan> Delays)
    {
        /// <summary>Status; what is not 200 is answered with <see cref="Body"/> at once.</summary>
        public int Status { get; init; } = 200;

        /// <summary>Body of a refusal.</summary>
        public string Body { get; init; } = "";

        /// <summary>Data of a piece; null = a word.</summary>
        public Func<int, string?>? PieceOf { get; init; }

        /// <summary>The finish reason, in JSON.</summary>
        public string FinishReason { get; init; } = "\"length\"";

        /// <summary>Tokens that the usage states; null = one a piece.</summary>
        public int? Tokens { get; init; }

        /// <summary>The connection ends without a word of an answer.</summary>
        public bool HangsUp { get; init; }

        /// <summary>The connection ends behind the last piece.</summary>
        public bool BreaksOff { get; init; }

        /// <summary>The stream says nothing of tokens.</summary>
        public bool SendsNoUsage { get; init; }
    }
}
