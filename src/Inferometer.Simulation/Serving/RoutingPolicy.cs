namespace Inferometer.Simulation.Serving;

/// <summary>Which replica a request goes to.</summary>
public enum RoutingPolicy
{
    /// <summary>Each in turn.</summary>
    RoundRobin,

    /// <summary>The one whose requests under way have the fewest tokens, prompts and outputs together.</summary>
    LeastTokens,

    /// <summary>
    /// The one that served what begins alike, a conversation or a shared prefix, before; a new beginning goes to the one with the fewest
    /// tokens.
    /// </summary>
    PrefixAffine,
}
