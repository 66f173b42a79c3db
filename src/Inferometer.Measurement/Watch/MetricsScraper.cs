using System.Net;
using System.Net.Http.Headers;
using Inferometer.Core;

namespace Inferometer.Measurement.Watch;

/// <summary>Reads a service's page of metrics over HTTP.</summary>
public sealed class MetricsScraper : IDisposable
{
    private const long LongestPage = 64 << 20;

    private readonly HttpClient _client;
    private readonly TimeSpan _timeout;

    /// <summary>A scraper.</summary>
    /// <param name="service">Address of the service; its page is at <c>/metrics</c> there, or the address itself ends so.</param>
    /// <param name="timeout">Time after which a page counts as missing.</param>
    /// <param name="apiKey">Key that the service wants; null = none.</param>
    public MetricsScraper(Uri service, TimeSpan timeout, string? apiKey = null)
    {
        ArgumentNullException.ThrowIfNull(service);
        string path = service.AbsolutePath.TrimEnd('/');
        path = path.EndsWith("/v1", StringComparison.Ordinal) ? path[..^3] : path;
        Page = new UriBuilder(service)
        {
            Path = path.EndsWith("/metrics", StringComparison.Ordinal) ? path : path + "/metrics",
            Fragment = "",
        }.Uri;
        _timeout = timeout;

        // A connection is made anew now and then, so that a name that points elsewhere is followed; no proxy lies between.
        _client = new HttpClient(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = LongestPage,
        };
        if (apiKey is not null)
        {
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }
    }

    /// <summary>Address of the page.</summary>
    public Uri Page { get; }

    /// <summary>Reads the page.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InferometerException">It cannot be read; the message says why.</exception>
    public async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeout);
        try
        {
            using HttpResponseMessage response = await _client.GetAsync(Page, limit.Token).ConfigureAwait(false);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => await response.Content.ReadAsStringAsync(limit.Token).ConfigureAwait(false),
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => throw new InferometerException(
                    $"{Page}: the service answers {(int)response.StatusCode}; it wants a key, which is taken from OPENAI_API_KEY."),
                HttpStatusCode.NotFound or HttpStatusCode.NotImplemented => throw new InferometerException(
                    $"{Page}: the service answers {(int)response.StatusCode}: it shows no metrics there. SGLang does with "
                        + "--enable-metrics, llama.cpp's server with --metrics."),
                _ => throw new InferometerException($"{Page}: the service answers {(int)response.StatusCode}."),
            };
        }
        catch (HttpRequestException error)
        {
            throw new InferometerException($"{Page}: {error.Message}", error);
        }
        catch (IOException error)
        {
            throw new InferometerException($"{Page}: {error.Message}", error);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InferometerException(
                FormattableString.Invariant($"{Page}: no answer within {_timeout.TotalSeconds:0.###} s."), error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
