using System.Net;
using Inferometer.Core;
using Inferometer.History.Stores;
using Inferometer.Server.Generation;
using Inferometer.Server.Upstreams;
using Inferometer.Simulation.Planning;
using Microsoft.Extensions.Logging;

namespace Inferometer.Server.Hosting;

/// <summary>Where a server listens, who may ask it, and what it tells of itself.</summary>
public sealed record ServerOptions
{
    private const string LocalName = "localhost";

    /// <summary>The address to listen at: an IP address, or <c>localhost</c>. Others than loopback need a key.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port; 0 = any that is free.</summary>
    public int Port { get; init; } = 8000;

    /// <summary>Keys of which a client must show one (<c>Authorization: Bearer KEY</c>); empty = none is asked for.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>
    /// Origins whose web pages may use the server, such as <c>https://example.org</c>; <c>*</c> = all. Its own may always.
    /// </summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Where runs are kept that clients may look at; null = they see none. It stays the caller's.</summary>
    public IRunStore? Runs { get; init; }

    /// <summary>What clients may take.</summary>
    public ServerLimits Limits { get; init; } = new();

    /// <summary>Models and machines that the simulator knows; null = what ships with the program.</summary>
    public Catalogs? Catalogs { get; init; }

    /// <summary>Servers that requests for a model are passed on to; null = none.</summary>
    public UpstreamOptions? Upstreams { get; init; }

    /// <summary>The certificate that connections are encrypted with; null = they are not. Whoever gave it disposes of it.</summary>
    public ServerCertificate? Certificate { get; init; }

    /// <summary>
    /// What answers may take, bytes, that are kept for requests which come again word for word and can only be answered the same way; 0 =
    /// none is kept.
    /// </summary>
    public long ResponseCacheBytes { get; init; }

    /// <summary>
    /// Whether what first requests would find not compiled and not read is made ready when the server starts; <c>/ready</c> waits for it.
    /// </summary>
    public bool WarmsUp { get; init; }

    /// <summary>Where traces and metrics are sent by OTLP; null = nowhere.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>Least level of the log on standard error.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Whether each line of the log is a JSON object.</summary>
    public bool LogsJson { get; init; }

    /// <summary>Takes the log instead of standard error.</summary>
    internal ILoggerProvider? Log { get; init; }

    /// <summary>Whether nobody outside this machine can connect.</summary>
    public bool IsLoopback => Addresses().All(IPAddress.IsLoopback);

    /// <summary>Checks every value.</summary>
    /// <exception cref="InferometerException">A value is not allowed, or the server would be open to everybody.</exception>
    public void Validate()
    {
        Limits.Validate();
        Upstreams?.Validate();
        if (ResponseCacheBytes < 0)
        {
            throw new InferometerException(FormattableString.Invariant(
                $"server: a response cache of {ResponseCacheBytes} bytes is not allowed; it must be 0 or more."));
        }

        if (Port is < 0 or > 65535)
        {
            throw new InferometerException(FormattableString.Invariant($"server: port {Port} is not allowed; it must be 0 to 65535."));
        }

        if (ApiKeys.Any(key => key.Length < 16 || key.Any(c => c is < '!' or > '~')))
        {
            throw new InferometerException(
                "server: an API key must have at least 16 letters, digits or signs, without blanks; 'openssl rand -hex 24' makes one.");
        }

        if (!IsLoopback && ApiKeys.Count == 0)
        {
            throw new InferometerException(
                $"server: address '{Host}' can be reached from other machines, for which an API key is needed; give one, or listen at "
                    + "127.0.0.1.");
        }

        foreach (string origin in AllowedOrigins.Where(origin => origin is not "*"))
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) || !string.Equals(
                uri.GetLeftPart(UriPartial.Authority), origin, StringComparison.OrdinalIgnoreCase))
            {
                throw new InferometerException(
                    $"server: '{origin}' is no origin; it must be a scheme and a host such as https://example.org, or *.");
            }
        }
    }

    /// <summary>The addresses to listen at.</summary>
    /// <exception cref="InferometerException">The host is neither an address nor this machine's name.</exception>
    internal IReadOnlyList<IPAddress> Addresses() => Host switch
    {
        LocalName when Port != 0 => [IPAddress.Loopback, IPAddress.IPv6Loopback],
        LocalName => [IPAddress.Loopback],
        _ when IPAddress.TryParse(Host, out IPAddress? address) => [address],
        _ => throw new InferometerException($"server: '{Host}' is no address; it must be an IP address such as 127.0.0.1, or localhost."),
    };
}
