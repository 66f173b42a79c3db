using Inferometer.Server.Metrics;
using Inferometer.Server.Wire;
using Microsoft.Extensions.Logging;

namespace Inferometer.Server.Upstreams;

/// <summary>
/// The servers behind this one. A request goes to the one that has the fewest tokens to compute; one that failed gets none until it says
/// that it is well, and all are asked that from time to time. Thread-safe.
/// </summary>
internal sealed class UpstreamPool : IDisposable
{
    private static readonly (UpstreamOutcome Outcome, string Word)[] s_outcomes =
        [.. Enum.GetValues<UpstreamOutcome>().Select(o => (o, o.ToString().ToLowerInvariant()))];

    private readonly Lock _gate = new();
    private readonly Upstream[] _all;
    private readonly HttpClient _checks;
    private readonly CancellationTokenSource _stop = new();
    private readonly ILogger _logger;
    private int _turn;
    private long _retries;

    /// <summary>Begins to look after servers, all of which are taken to be there until one is seen not to be.</summary>
    public UpstreamPool(UpstreamOptions options, ILogger logger)
    {
        Options = options;
        _logger = logger;
        _all = [.. options.Addresses.Select(address => new Upstream(address))];
        Invoker = new HttpMessageInvoker(Handler(options.HealthTimeout));
        _checks = new HttpClient(Handler(options.HealthTimeout)) { Timeout = options.HealthTimeout };
        _ = CheckAllAsync(options.HealthInterval);
    }

    /// <summary>How they are treated.</summary>
    public UpstreamOptions Options { get; }

    /// <summary>Sends requests on.</summary>
    public HttpMessageInvoker Invoker { get; }

    /// <summary>Whether any takes requests.</summary>
    public bool HasHealthy => _all.Any(u => u.IsHealthy);

    /// <summary>The answer where nobody is there to pass a request on to.</summary>
    public static ApiException NoneAnswers() =>
        ApiException.Unavailable("None of the servers behind this one answers.", "no_upstream", retryAfterSeconds: 5);

    /// <summary>Takes the server with the least to do that was not asked yet, and gives it a request.</summary>
    /// <param name="tokens">What the request adds.</param>
    /// <param name="asked">Those that were asked.</param>
    /// <returns>Null where none is left.</returns>
    public Upstream? Take(long tokens, IReadOnlyCollection<Upstream> asked)
    {
        lock (_gate)
        {
            Upstream? least = null;
            _turn = (_turn + 1) % _all.Length; // equal ones take turns
            for (int i = 0; i < _all.Length; i++)
            {
                Upstream each = _all[(i + _turn) % _all.Length];
                if (each.IsHealthy && !asked.Contains(each)
                    && (least is null || (each.OutstandingTokens, each.Requests).CompareTo((least.OutstandingTokens, least.Requests)) < 0))
                {
                    least = each;
                }
            }

            least?.Begin(tokens);
            return least;
        }
    }

    /// <summary>Whether another could be asked.</summary>
    public bool HasOther(IReadOnlyCollection<Upstream> asked) => _all.Any(u => u.IsHealthy && !asked.Contains(u));

    /// <summary>Counts a request that another server is asked for, because the one before gave no answer.</summary>
    public void CountRetry() => Interlocked.Increment(ref _retries);

    /// <summary>Writes what is counted.</summary>
    public void Write(PrometheusText text)
    {
        Each("inferometer_upstream_healthy", "gauge", "Whether the server takes requests, as far as is known.", u => u.IsHealthy ? 1 : 0);
        Each("inferometer_upstream_requests", "gauge", "Requests that the server is answering.", u => u.Requests);
        Each(
            "inferometer_upstream_outstanding_tokens", "gauge", "Tokens of these, prompts and answers, as far as can be told beforehand.",
            u => u.OutstandingTokens);
        const string Total = "inferometer_upstream_requests_total";
        text.Begin(Total, "counter", "Requests passed on, by how they went.");
        foreach (Upstream upstream in _all)
        {
            foreach ((UpstreamOutcome outcome, string word) in s_outcomes)
            {
                text.Sample(Total, $"{Label(upstream)},outcome=\"{word}\"", upstream.Count(outcome));
            }
        }

        text.Single(
            "inferometer_upstream_retries_total", "counter", "Requests that another server was asked for before the first byte.", "",
            Volatile.Read(ref _retries));

        void Each(string name, string kind, string help, Func<Upstream, double> value)
        {
            text.Begin(name, kind, help);
            foreach (Upstream upstream in _all)
            {
                text.Sample(name, Label(upstream), value(upstream));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        Invoker.Dispose();
        _checks.Dispose();
        _stop.Dispose();
    }

    private static string Label(Upstream upstream) => $"upstream=\"{PrometheusText.Escape(upstream.Prefix)}\"";

    // Nothing is followed, unpacked or remembered on a client's behalf.
    private static SocketsHttpHandler Handler(TimeSpan connect) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = System.Net.DecompressionMethods.None,
        ConnectTimeout = connect,
    };

    private async Task CheckAllAsync(TimeSpan interval)
    {
        CancellationToken stop = _stop.Token;
        using PeriodicTimer timer = new(interval);
        try
        {
            do
            {
                await Task.WhenAll(_all.Select(upstream => CheckAsync(upstream, stop))).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    // A server that has no such path is there all the same.
    private async Task CheckAsync(Upstream upstream, CancellationToken stop)
    {
        bool isWell;
        try
        {
            using HttpResponseMessage answer = await _checks.GetAsync(new Uri(upstream.Prefix + "/health"), stop).ConfigureAwait(false);
            isWell = (int)answer.StatusCode < 500;
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException && !stop.IsCancellationRequested)
        {
            isWell = false;
        }

        if (upstream.Checked(isWell))
        {
            UpstreamLog.Changed(_logger, upstream.Prefix, isWell ? "takes requests again" : "is not well and gets no requests");
        }
    }
}
