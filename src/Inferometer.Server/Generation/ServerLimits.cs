using Inferometer.Core;

namespace Inferometer.Server.Generation;

/// <summary>What a server lets one client, and all of them, take. How many requests run and wait is the engine's configuration.</summary>
public sealed record ServerLimits
{
    /// <summary>Longest body of a request, bytes.</summary>
    public long MaxBodyBytes { get; init; } = 4 << 20;

    /// <summary>Connections at once; further ones are closed.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>Answers that one request may ask for: prompts x <c>n</c>.</summary>
    public int MaxChoices { get; init; } = 64;

    /// <summary>Longest time from the arrival of a request to its end, the queue included; null = no limit.</summary>
    public TimeSpan? RequestTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the answers under way are waited for when the server is to stop.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks every value.</summary>
    /// <exception cref="InferometerException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        Require(MaxBodyBytes >= 1, nameof(MaxBodyBytes), "1 or more");
        Require(MaxConnections >= 1, nameof(MaxConnections), "1 or more");
        Require(MaxChoices >= 1, nameof(MaxChoices), "1 or more");
        Require(RequestTimeout is null || RequestTimeout > TimeSpan.Zero, nameof(RequestTimeout), "above zero, or null");
        Require(DrainTimeout >= TimeSpan.Zero, nameof(DrainTimeout), "zero or more");
    }

    private static void Require(bool condition, string name, string allowed)
    {
        if (!condition)
        {
            throw new InferometerException($"server: {name} is out of range; allowed is {allowed}.");
        }
    }
}
