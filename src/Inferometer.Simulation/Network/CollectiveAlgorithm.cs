namespace Inferometer.Simulation.Network;

/// <summary>How an all-reduce runs.</summary>
public enum CollectiveAlgorithm
{
    /// <summary>On each tier the cheapest of the algorithms its links allow, for the message at hand.</summary>
    Auto,

    /// <summary>Ring: reduce-scatter, then all-gather.</summary>
    Ring,

    /// <summary>Pipelined binary trees: reduce, then broadcast.</summary>
    Tree,

    /// <summary>Switches add up on the way; only on links that can.</summary>
    InNetwork,
}
