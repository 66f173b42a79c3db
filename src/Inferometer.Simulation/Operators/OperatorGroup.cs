namespace Inferometer.Simulation.Operators;

/// <summary>The part of the network an operator belongs to.</summary>
public enum OperatorGroup
{
    /// <summary>Token and position lookup.</summary>
    Embedding,

    /// <summary>Normalisation with the residual addition.</summary>
    Norms,

    /// <summary>Projections of the token mixer.</summary>
    AttentionProjection,

    /// <summary>Work that depends on the context: rotary and cache writes, scores, values, recurrences, the sparse indexer.</summary>
    Attention,

    /// <summary>Dense and shared feed-forward parts.</summary>
    FeedForward,

    /// <summary>Router and routed experts.</summary>
    Experts,

    /// <summary>Projection to the vocabulary and sampling.</summary>
    LmHead,

    /// <summary>Low-rank adapters.</summary>
    Lora,

    /// <summary>Messages between devices.</summary>
    Collectives,

    /// <summary>Activations between a device and the host that computes a part of the network.</summary>
    HostTransfer,

    /// <summary>What a serving framework takes beside the operators: planning, sampling, copies to and from the host.</summary>
    Framework,
}

/// <summary>What an operator's time is spent on.</summary>
public enum OperatorBound
{
    /// <summary>Arithmetic.</summary>
    Compute,

    /// <summary>The device's own memory.</summary>
    Memory,

    /// <summary>The link to offloaded data.</summary>
    OffloadLink,

    /// <summary>The network.</summary>
    Network,

    /// <summary>Starting the kernel.</summary>
    Launch,

    /// <summary>The host's processor and memory, where a part of the network is computed there.</summary>
    Host,
}
