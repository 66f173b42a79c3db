using System.Net;

namespace Inferometer.Cli.Settings;

/// <summary>Addresses on the command line.</summary>
internal static class Addresses
{
    /// <summary>An address of HTTP.</summary>
    public static Domain<Uri> Service() => new("URL", null, ReadService);

    /// <summary>Where to listen: a port of this machine alone, or an address and a port.</summary>
    public static Domain<IPEndPoint> Endpoint() => new("[ADDRESS:]PORT", null, ReadEndpoint);

    /// <summary>Reads an address of HTTP.</summary>
    public static Uri ReadService(string text, string origin) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
            ? address
            : throw Domains.Wrong(origin, text, "an address of HTTP, such as http://localhost:8000");

    private static IPEndPoint ReadEndpoint(string text, string origin)
    {
        if (Domains.TryWhole(text, out int port))
        {
            return port is >= 0 and <= 65535
                ? new IPEndPoint(IPAddress.Loopback, port)
                : throw Domains.Wrong(origin, text, "a port from 0 to 65535");
        }

        return text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(text, out IPEndPoint? endpoint)
            ? endpoint
            : throw Domains.Wrong(origin, text, "a port such as 9464, or an IP address and a port such as 0.0.0.0:9464");
    }
}
