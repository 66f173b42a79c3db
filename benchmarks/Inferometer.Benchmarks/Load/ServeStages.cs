using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Inferometer.Inference.Engine;

namespace Inferometer.Benchmarks.Load;

/// <summary>
/// Where the time of one request at a time goes until its first token: moments that client, server and engine pass anyway, told by a
/// connection, by activities and by the engine's steps. Nothing of what is measured is changed but that activities are made.
/// </summary>
internal sealed class ServeStages : IDisposable
{
    private const int Moments = 6;

    private static readonly string[] s_names =
    [
        "client: request to socket", "Kestrel: socket to request", "server: request to engine", "engine: first step",
        "server: token to client's socket", "client: socket to reader",
    ];

    private readonly InferenceEngine _engine;
    private readonly ActivityListener _listener;
    private readonly long[] _at = new long[Moments];
    private readonly List<double>[] _served = [.. s_names.Select(_ => new List<double>())];
    private readonly List<double> _bare = [];
    private readonly List<double> _bareHandOver = [];
    private long _start;

    public ServeStages(InferenceEngine engine)
    {
        _engine = engine;
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Microsoft.AspNetCore" or "Inferometer.Server",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = activity => Mark(activity.Source.Name is "Microsoft.AspNetCore" ? 1 : 2),
        };
        ActivitySource.AddActivityListener(_listener);
        engine.WatchSteps(EndStep);
    }

    /// <summary>Connections that tell when bytes go and come.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port), cancellationToken);
        return new StampedStream(new NetworkStream(socket, ownsSocket: true), () => Mark(0), () => Mark(4));
    }

    /// <summary>A request begins.</summary>
    public void Begin()
    {
        Array.Clear(_at);
        _start = Stopwatch.GetTimestamp();
    }

    /// <summary>The first token of a request over HTTP is with its reader.</summary>
    public void EndServed()
    {
        Mark(5);
        long before = _start;
        for (int moment = 0; moment < Moments; moment++)
        {
            _served[moment].Add(Stopwatch.GetElapsedTime(before, _at[moment]).TotalMilliseconds);
            before = _at[moment];
        }
    }

    /// <summary>The first token of a request to the engine is with its reader.</summary>
    public void EndBare()
    {
        _bare.Add(Stopwatch.GetElapsedTime(_start, _at[3]).TotalMilliseconds);
        _bareHandOver.Add(Stopwatch.GetElapsedTime(_at[3]).TotalMilliseconds);
    }

    /// <summary>Prints the medians and quartiles of all stages.</summary>
    public void Print()
    {
        Console.WriteLine(FormattableString.Invariant($"{"stage, ms",-36}{"median",9}{"quartiles",20}"));
        Line("bare: request to end of first step", _bare);
        Line("bare: token to reader", _bareHandOver);
        for (int moment = 0; moment < Moments; moment++)
        {
            Line(s_names[moment], _served[moment]);
        }

        static void Line(string name, List<double> values)
        {
            double[] sorted = [.. values.Order()];
            double At(int quarter) => sorted[sorted.Length * quarter / 4];
            Console.WriteLine(FormattableString.Invariant($"{name,-36}{At(2),9:0.000}{At(1),11:0.000}{At(3),9:0.000}"));
        }
    }

    public void Dispose()
    {
        _engine.UnwatchSteps(EndStep);
        _listener.Dispose();
    }

    private void EndStep(int tokens) => Mark(3);

    // Only the first of its kind counts: headers and the end of an answer come by the same ways.
    private void Mark(int moment) => Interlocked.CompareExchange(ref _at[moment], Stopwatch.GetTimestamp(), 0);
}
