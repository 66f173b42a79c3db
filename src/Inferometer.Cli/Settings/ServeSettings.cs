using System.CommandLine;
using System.Net;
using Inferometer.Cli.Hosting;
using Inferometer.Core;
using Inferometer.History.Stores;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Generation;
using Inferometer.Server.Generation;
using Inferometer.Server.Hosting;
using Inferometer.Server.Upstreams;
using Inferometer.Simulation.Planning;
using Microsoft.Extensions.Logging;

namespace Inferometer.Cli.Settings;

/// <summary>
/// The options that say where a server listens, who may ask it, and how much at once; named as vLLM and llama.cpp name them.
/// </summary>
internal sealed class ServeSettings
{
    private const string KeyVariable = "INFEROMETER_API_KEY";
    private const string UpstreamKeyVariable = "INFEROMETER_UPSTREAM_API_KEY";
    private const string OtlpVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private readonly ValueOption<string> _host = new(
        ["--host"],
        new("ADDRESS", null, ReadHost),
        "Address to listen at: an IP address, or localhost. One that other machines can reach needs an API key.")
    { Fallback = "127.0.0.1" };

    private readonly ValueOption<int> _port = new(["--port"], Domains.Whole(0, 65535), "Port to listen at; 0 = any that is free.")
    { Fallback = 8000 };

    private readonly RepeatedOption<string> _names = new(
        ["--served-model-name", "--alias"], Domains.Text("NAME"), "What clients call the model; its file's name if not given.");

    private readonly RepeatedOption<string> _keys = new(
        ["--api-key"],
        new("KEY", null, ReadKey),
        $"Key that clients must show. Other users of the machine can read command lines: {KeyVariable} in the environment, or a file, is "
            + "safer.");

    private readonly PathOption _keyFile = new(["--api-key-file"], PathUse.ReadFile, "File of keys, one a line.", "none");

    private readonly RepeatedOption<string> _origins = new(
        ["--cors-origin"],
        new("ORIGIN", null, ReadOrigin),
        "Origin whose web pages may use the server, such as https://example.org; * = all. Its own may always.");

    private readonly ValueOption<int> _sequences = new(
        ["--max-num-seqs", "--parallel"], Domains.Whole(1, 4096), "Answers generated at once; further requests wait.")
    { Fallback = 16 };

    private readonly ValueOption<int> _replicas = new(
        ["--replicas", "--data-parallel-size"],
        Domains.Whole(1, 64),
        "Engines over the same weights, which are in memory once: each has a share of the threads, and a cache, a queue and a batch of its "
            + "own, as large as the other options say. A request goes to the one with the fewest tokens to compute.")
    { Fallback = 1 };

    private readonly ValueOption<int> _stepTokens = new(
        ["--max-num-batched-tokens"], Domains.Whole(1, 65536, "TOKENS"), "Tokens computed in one step over all answers.")
    { Fallback = 512 };

    private readonly ValueOption<int> _queue = new(
        ["--max-queue"], Domains.Whole(1, 1_000_000),
        "Requests that may wait beside those that are answered; further ones are refused with status 429.")
    { Fallback = 256 };

    private readonly ValueOption<int> _connections = new(
        ["--max-connections"], Domains.Whole(1, 1_000_000), "Connections at once; further ones are closed.")
    { Fallback = 1024 };

    private readonly ValueOption<double> _bodyMegabytes = new(
        ["--max-body"], Domains.Number(0, 1024, above: true, "MIB"), "Longest body of a request, MiB.")
    { Fallback = 4 };

    private readonly ValueOption<double> _timeout = new(
        ["--request-timeout"], Domains.Number(0, 86400, help: "S"), "Longest time for a request, waiting included, seconds; 0 = no limit.")
    { Fallback = 600 };

    private readonly ValueOption<double> _drain = new(
        ["--drain-timeout"],
        Domains.Number(0, 3600, help: "S"),
        "When told to stop (SIGTERM, Ctrl+C): how long answers under way are waited for, seconds. A second signal ends at once.")
    { Fallback = 30 };

    private readonly ValueOption<Uri> _otlp = new(
        ["--otlp-endpoint"],
        new("URL", null, ReadUrl),
        "Collector that traces and metrics are sent to by OTLP over gRPC.",
        $"{OtlpVariable} in the environment, else none");

    private readonly ValueOption<LogLevel> _level = new(
        ["--log-level"],
        Domains.Word(
            ("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warning", LogLevel.Warning), ("error", LogLevel.Error)),
        "Least level of the log, which goes to standard error. What is asked and answered is never part of it.",
        "info")
    { Fallback = LogLevel.Information };

    private readonly ValueOption<LogFormat> _logFormat = new(
        ["--log-format"],
        Domains.Word(("text", LogFormat.Text), ("json", LogFormat.Json)),
        "Lines of text, or one JSON object a line.",
        "text");

    private readonly ValueOption<EmbeddingPooling?> _pooling = new(
        ["--pooling"],
        Domains.Word<EmbeddingPooling?>(("mean", EmbeddingPooling.Mean), ("last", EmbeddingPooling.Last), ("cls", EmbeddingPooling.Cls)),
        "Which states of a text become its vector: the mean of all, the last, the first.",
        "as the model's files say, else mean");
    private readonly ValueOption<string> _store = new(
        ["--store"], new("STORE", null, ReadStore),
        "Show the runs that are kept there, to whoever may use the server: a file, or postgres://user@host/database. Nothing is written.",
        "no history is shown");

    private readonly FlagOption _noPredictions = new(
        ["--no-predictions"], "Do not measure the machine at the start, and predict no latencies beside those measured.");

    private readonly ValueOption<double> _cacheMegabytes = new(
        ["--response-cache"],
        Domains.Number(0, 1 << 20, help: "MIB"),
        "Keep answers to requests that can only be answered one way (temperature 0, or a seed), and give them to those that come again "
            + "word for word, MiB; 0 = none.")
    { Fallback = 0 };

    private readonly RepeatedOption<Uri> _upstreams = new(
        ["--upstream"],
        new("URL", null, ReadUrl),
        "In place of a MODEL: pass requests on to this server, to the one of several with the fewest tokens to compute.");

    private readonly ValueOption<string> _upstreamKey = new(
        ["--upstream-api-key"],
        new("KEY", null, ReadKey),
        $"Key that the upstreams ask for; {UpstreamKeyVariable} in the environment is safer.",
        $"{UpstreamKeyVariable} in the environment, else none");

    private readonly ValueOption<double> _upstreamCheck = new(
        ["--upstream-check"],
        Domains.Number(0, 3600, above: true, help: "S"),
        "Seconds from one look at an upstream's health to the next.")
    { Fallback = 5 };

    private readonly PathOption _certificate = new(
        ["--tls-cert"], PathUse.ReadFile,
        "Encrypt connections with this certificate, PEM; those that signed it may follow in the file.", "none");

    private readonly PathOption _certificateKey = new(
        ["--tls-key"], PathUse.ReadFile, "Key of the certificate, PEM.", "in the file of --tls-cert");

    private readonly PathOption _catalog = DeploymentOptions.CatalogOption(
        "Folder with models/*.json, hardware/*.json and calibration/*.json of your own, for the simulator.");

    private enum LogFormat
    {
        Text,
        Json,
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all =
        [
            _host, _port, _names, _keys, _keyFile, _origins, _sequences, _replicas, _stepTokens, _queue, _connections, _bodyMegabytes,
            _timeout, _drain, _otlp, _level, _logFormat, _noPredictions, _store, _pooling, _cacheMegabytes, _upstreams, _upstreamKey,
            _upstreamCheck, _certificate, _certificateKey, _catalog,
        ];
        foreach (Option option in all)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Options that say nothing where no model is served.</summary>
    public IReadOnlyList<Option> OfModel => [_names, _sequences, _replicas, _stepTokens, _queue, _noPredictions, _pooling, _cacheMegabytes];

    /// <summary>Whether requests are passed on to others.</summary>
    public bool HasUpstreams(ParseResult parsed) => parsed.IsGiven(_upstreams);

    /// <summary>Answers generated at once.</summary>
    public int Sequences(ParseResult parsed) => _sequences.Of(parsed);

    /// <summary>Engines over the same weights.</summary>
    public int Replicas(ParseResult parsed) => _replicas.Of(parsed);

    /// <summary>Names that clients call the model by; empty = its file's.</summary>
    public string[] Names(ParseResult parsed) => _names.Of(parsed);

    /// <summary>Whether latencies are predicted beside those measured.</summary>
    public bool Predicts(ParseResult parsed) => !_noPredictions.Of(parsed);

    /// <summary>Opens the store of runs that clients may look at; null = none is named.</summary>
    /// <exception cref="InferometerException">There is none, or it cannot be opened.</exception>
    public IRunStore? OpenRuns(ParseResult parsed)
    {
        if (!parsed.IsGiven(_store) || StoreLocation.Parse(_store.Of(parsed), _store.Name) is not { } location)
        {
            return null;
        }

        return location.File is { } file && !File.Exists(file)
            ? throw new InferometerException(
                $"{_store.Name}: '{file}' is not there; the commands that measure and predict make it when they keep a run.")
            : RunStores.Open(location);
    }

    /// <summary>The engine's configuration with the limits of its queue and steps.</summary>
    public InferenceOptions Apply(ParseResult parsed, InferenceOptions options) =>
        options with
        {
            MaxQueueLength = _queue.Of(parsed),
            MaxTokensPerStep = _stepTokens.Of(parsed),
            Pooling = _pooling.Of(parsed),
        };

    /// <summary>The server's configuration.</summary>
    /// <exception cref="UsageException">The server would be open to everybody.</exception>
    public ServerOptions Read(ParseResult parsed)
    {
        double timeout = _timeout.Of(parsed);
        ServerOptions options = new()
        {
            Host = _host.Of(parsed),
            Port = _port.Of(parsed),
            ApiKeys = [.. _keys.Of(parsed), .. KeysOfFile(parsed), .. KeysOfEnvironment()],
            AllowedOrigins = _origins.Of(parsed),
            OtlpEndpoint = parsed.IsGiven(_otlp) ? _otlp.Of(parsed) : OtlpOfEnvironment(),
            LogLevel = _level.Of(parsed),
            WarmsUp = true,
            LogsJson = _logFormat.Of(parsed) == LogFormat.Json,
            ResponseCacheBytes = (long)(_cacheMegabytes.Of(parsed) * (1 << 20)),
            Upstreams = Upstreams(parsed),
            Catalogs = _catalog.Of(parsed) is { } folder ? Catalogs.From(folder) : null,
            Limits = new ServerLimits
            {
                MaxBodyBytes = Math.Max(1, (long)(_bodyMegabytes.Of(parsed) * (1 << 20))),
                MaxConnections = _connections.Of(parsed),
                RequestTimeout = timeout > 0 ? TimeSpan.FromSeconds(timeout) : null,
                DrainTimeout = TimeSpan.FromSeconds(_drain.Of(parsed)),
            },
        };
        UsageException.Checking(options.Validate);
        return options;
    }

    /// <summary>The certificate that connections are encrypted with; null = they are not.</summary>
    /// <exception cref="InferometerException">It cannot be read.</exception>
    /// <exception cref="UsageException">A key is given without a certificate.</exception>
    public ServerCertificate? Certificate(ParseResult parsed) => _certificate.Of(parsed) is { } file
        ? ServerCertificate.Load(file, _certificateKey.Of(parsed))
        : parsed.IsGiven(_certificateKey) ? throw new UsageException("--tls-key needs --tls-cert: the certificate that it belongs to.")
        : null;

    private UpstreamOptions? Upstreams(ParseResult parsed)
    {
        if (HasUpstreams(parsed))
        {
            return new UpstreamOptions
            {
                Addresses = [.. _upstreams.Of(parsed)],
                ApiKey = parsed.IsGiven(_upstreamKey) ? _upstreamKey.Of(parsed)
                    : Environment.GetEnvironmentVariable(UpstreamKeyVariable) is { Length: > 0 } key ? ReadKey(key, UpstreamKeyVariable)
                    : null,
                HealthInterval = TimeSpan.FromSeconds(_upstreamCheck.Of(parsed)),
            };
        }

        Option? idle = new Option[] { _upstreamKey, _upstreamCheck }.FirstOrDefault(parsed.IsGiven);
        return idle is null ? null : throw new UsageException($"{idle.Name} needs --upstream: the servers that requests are passed on to.");
    }

    private string[] KeysOfFile(ParseResult parsed)
    {
        if (_keyFile.Of(parsed) is not { } file)
        {
            return [];
        }

        string[] keys =
            [.. File.ReadLines(file).Select(line => line.Trim()).Where(line => line.Length > 0).Select(key => ReadKey(key, _keyFile.Name))];
        return keys.Length > 0 ? keys : throw new InferometerException($"{_keyFile.Name}: '{file}' holds no key; each stands on a line.");
    }

    private static string[] KeysOfEnvironment() =>
        Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key ? [ReadKey(key, KeyVariable)] : [];

    private static Uri? OtlpOfEnvironment() =>
        Environment.GetEnvironmentVariable(OtlpVariable) is { Length: > 0 } url ? ReadUrl(url, OtlpVariable) : null;

    private static string ReadHost(string text, string origin) =>
        text is "localhost" || IPAddress.TryParse(text, out _) ? text : throw Domains.Wrong(origin, text, "an IP address, or localhost");

    private static string ReadKey(string text, string origin) => text.Length >= 16 && text.All(c => c is >= '!' and <= '~')
        ? text
        : throw new InferometerException(
            $"{origin}: a key must have at least 16 letters, digits or signs, without blanks; 'openssl rand -hex 24' makes one.");

    private static string ReadOrigin(string text, string origin) =>
        text is "*" || (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
            && string.Equals(uri.GetLeftPart(UriPartial.Authority), text, StringComparison.OrdinalIgnoreCase))
            ? text
            : throw Domains.Wrong(origin, text, "a scheme and a host such as https://example.org, or *");

    private static string ReadStore(string text, string origin)
    {
        _ = StoreLocation.Parse(text, origin);
        return text;
    }

    private static Uri ReadUrl(string text, string origin) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw Domains.Wrong(origin, text, "an address such as http://localhost:4317");
}
