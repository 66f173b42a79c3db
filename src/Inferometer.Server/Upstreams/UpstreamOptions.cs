using Inferometer.Core;

namespace Inferometer.Server.Upstreams;

/// <summary>Servers behind this one, which it passes requests on to.</summary>
public sealed record UpstreamOptions
{
    /// <summary>Where they are, such as <c>http://10.0.0.7:8000</c>; at least one, each once.</summary>
    public required EquatableList<Uri> Addresses { get; init; }

    /// <summary>The key that they ask for; null = none, and a client's own is passed on where this server asks for none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>From one look at the health of each to the next.</summary>
    public TimeSpan HealthInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a server has to say that it is well, and to take a connection.</summary>
    public TimeSpan HealthTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Checks every value.</summary>
    /// <exception cref="InferometerException">A value is not allowed; the message names it.</exception>
    public void Validate()
    {
        if (Addresses.Count == 0)
        {
            throw new InferometerException("server: upstreams: there is none; name at least one.");
        }

        foreach (Uri address in Addresses)
        {
            if (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https") || address.Query.Length > 0
                || address.UserInfo.Length > 0 || address.Fragment.Length > 0)
            {
                throw new InferometerException(
                    $"server: upstream '{address}' is not allowed; it must be an address such as http://10.0.0.7:8000.");
            }
        }

        if (Addresses.Distinct().Count() < Addresses.Count)
        {
            throw new InferometerException("server: upstreams: one is named twice; each gets its part of the load once.");
        }

        if (HealthInterval <= TimeSpan.Zero || HealthTimeout <= TimeSpan.Zero)
        {
            throw new InferometerException("server: upstreams: the times of health checks must be above zero.");
        }
    }
}
