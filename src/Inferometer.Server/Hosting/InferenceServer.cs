using Inferometer.Core;
using Inferometer.Server.Generation;
using Inferometer.Server.Metrics;
using Inferometer.Server.Ollama;
using Inferometer.Server.OpenAi;
using Inferometer.Server.Runs;
using Inferometer.Server.Simulator;
using Inferometer.Server.Upstreams;
using Inferometer.Server.Web;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace Inferometer.Server.Hosting;

/// <summary>
/// A model served over HTTP in this process: OpenAI's and Ollama's APIs, and metrics. It listens from <see cref="StartAsync"/> on; it takes
/// no signals of the system, so whoever started it stops it.
/// </summary>
public sealed class InferenceServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ServerState _state = new();
    private readonly ServerMetrics[] _metrics;
    private readonly Telemetry _telemetry = new();
    private readonly ReplicaSet? _replicas;
    private readonly UpstreamPool? _upstreams;
    private readonly AnswerCache? _cache;
    private readonly ResponseCounts _counts = new();
    private readonly ILogger _logger;
    private readonly ServerLimits _limits;
    private bool _isStopped;

    private InferenceServer(WebApplication app, ServedModel? model, LatencyForecast? forecast, ServerOptions options)
    {
        _app = app;
        PredictionMetrics? predictions = forecast is null ? null : new PredictionMetrics(forecast);
        _metrics =
        [
            .. model is null
                ? []
                : new[] { model.Engine }.Concat(model.Replicas)
                    .Select((engine, i) => new ServerMetrics(engine, i, model.Name, predictions, _telemetry)),
        ];
        _replicas = model is null ? null : new ReplicaSet(_metrics);
        _limits = options.Limits;
        _logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Inferometer.Server");
        _cache = options.ResponseCacheBytes > 0 ? new AnswerCache(options.ResponseCacheBytes) : null;
        _upstreams = options.Upstreams is { } upstreams ? new UpstreamPool(upstreams, _logger) : null;
    }

    /// <summary>Where the server listens; the first of its addresses.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Requests being answered.</summary>
    public int RequestsUnderWay => _state.UnderWay;

    /// <summary>
    /// Every route with its methods, such as <c>POST /v1/completions</c>; one that takes all methods has <c>*</c>. HEAD goes with GET.
    /// </summary>
    internal IEnumerable<string> Routes =>
        from endpoint in _app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["*"]
        where !HttpMethods.IsHead(method)
        select $"{method} /{endpoint.RoutePattern.RawText?.TrimStart('/')}";

    /// <summary>Starts a server.</summary>
    /// <param name="model">What answers; null = the simulator alone does, and for a model the options' upstreams.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="forecast">What predicts latencies beside those measured; null = nothing does.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="InferometerException">
    /// The options are not valid, name upstreams beside a model, or the address is not free; or other engines were measured than answer.
    /// </exception>
    public static async Task<InferenceServer> StartAsync(
        ServedModel? model, ServerOptions? options = null, LatencyForecast? forecast = null, CancellationToken cancellationToken = default)
    {
        options ??= new ServerOptions();
        options.Validate();
        if (model is not null && options.Upstreams is not null)
        {
            throw new InferometerException("server: upstreams answer in place of a model of its own; give one of them.");
        }

        RequireFew(model, forecast);
        InferenceServer server = new(ServerApplication.Build(options), model, forecast, options);
        try
        {
            ModelService? service =
                model is null ? null : new ModelService(model, server._replicas!, options.Limits, server._state, server._cache);
            server.Map(options, service);
            if (options.WarmsUp)
            {
                SimulatorService simulator = server._app.Services.GetRequiredService<SimulatorService>();
                server._state.WarmUp(() => WarmUp.RunAsync(simulator, service, server._logger));
            }

            await server._app.StartAsync(cancellationToken).ConfigureAwait(false);
            server.LogStart(model, options);
            return server;
        }
        catch (IOException error)
        {
            server._isStopped = true;
            await server.DisposeAsync().ConfigureAwait(false);
            throw new InferometerException(
                FormattableString.Invariant($"server: cannot listen at {options.Host}, port {options.Port}: {error.Message}"), error);
        }
        catch
        {
            server._isStopped = true;
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Stops: new requests are refused with status 503, those under way are answered, and after the limits' time those that are left end
    /// with an error.
    /// </summary>
    /// <param name="hurry">Ends the waiting at once.</param>
    /// <returns>Whether all were answered.</returns>
    public async Task<bool> StopAsync(CancellationToken hurry = default)
    {
        if (_isStopped)
        {
            return true;
        }

        _isStopped = true;
        ServerLog.Draining(_logger, _state.UnderWay, _limits.DrainTimeout.TotalSeconds);
        bool all = await _state.DrainAsync(_limits.DrainTimeout, hurry).ConfigureAwait(false);
        if (all)
        {
            ServerLog.Stopped(_logger);
        }
        else
        {
            ServerLog.CutShort(_logger, _state.UnderWay);
        }

        await _app.StopAsync(CancellationToken.None).ConfigureAwait(false);
        return all;
    }

    /// <summary>Stops, if that was not done, without waiting for anybody.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        foreach (ServerMetrics metrics in _metrics)
        {
            metrics.Dispose();
        }

        _telemetry.Dispose();
        _upstreams?.Dispose();
        _state.Dispose();
    }

    private static void RequireFew(ServedModel? model, LatencyForecast? forecast)
    {
        if (model?.Replicas.Count >= ReplicaMask.Most)
        {
            throw new InferometerException(
                FormattableString.Invariant(
                    $"server: {model.Replicas.Count + 1} engines answer; allowed are 1 to {ReplicaMask.Most}."));
        }

        if (forecast is not null && forecast.Engines != 1 + (model?.Replicas.Count ?? 0))
        {
            throw new InferometerException(FormattableString.Invariant(
                $"server: {1 + (model?.Replicas.Count ?? 0)} engines answer, and {forecast.Engines} were measured to predict latencies."));
        }
    }

    private void LogStart(ServedModel? model, ServerOptions options)
    {
        string address = Address.ToString();
        if (model is not null)
        {
            ServerLog.Started(_logger, model.Name, address);
        }
        else if (options.Upstreams is { } upstreams)
        {
            ServerLog.StartedInFront(_logger, upstreams.Addresses.Count, address);
        }
        else
        {
            ServerLog.StartedWithoutModel(_logger, address);
        }
    }

    private void Map(ServerOptions options, ModelService? service)
    {
        ApiKeys keys = new(options.ApiKeys);
        OriginGuard origins = new(options);
        _app.UseRouting();
        _app.Use(next => new RequestGate(next, keys, origins, _state, _counts, _logger).InvokeAsync);
        IEndpointGroup[] groups =
        [
            new StatusEndpoints(_state, service, _upstreams, [.. Pages()]),
            .. service is not null ? OfModel(service)
                : _upstreams is not null ? [OfUpstreams(_upstreams, options)]
                : (IEndpointGroup[])[new NoModelEndpoints(StatusEndpoints.Version)],
            new RunEndpoints(options.Runs),
            .. SimulatorGroups.Create(
                _app.Services.GetRequiredService<SimulatorService>(), StatusEndpoints.Version, _logger, _app.Lifetime.ApplicationStopping),
        ];
        foreach (IEndpointGroup group in groups)
        {
            group.Map(_app);
        }
    }

    private IEnumerable<Action<PrometheusText>> Pages()
    {
        yield return _counts.Write;
        if (_replicas is not null)
        {
            yield return _replicas.Write;
        }

        if (_cache is not null)
        {
            yield return _cache.Write;
        }

        if (_upstreams is not null)
        {
            yield return _upstreams.Write;
        }
    }

    private static IEndpointGroup[] OfModel(ModelService service) =>
    [
        new ModelEndpoints(service), new CompletionEndpoints(service), new TokenEndpoints(service), new EmbeddingEndpoints(service),
        new RankEndpoints(service), new ResponseEndpoints(service), new OllamaEndpoints(service, StatusEndpoints.Version),
        new OllamaLibraryEndpoints(service),
    ];

    private UpstreamEndpoints OfUpstreams(UpstreamPool pool, ServerOptions options) =>
        new(pool, _app.Services.GetRequiredService<IHttpForwarder>(), options.Limits, isKeyed: options.ApiKeys.Count > 0);
}
