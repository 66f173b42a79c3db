namespace Inferometer.Planning.Screening;

/// <summary>Why a deployment is not the answer, in the order in which it is found out.</summary>
public enum RejectionReason
{
    /// <summary>Nothing is known of what the system costs.</summary>
    NoPrice,

    /// <summary>The simulator refuses it: a combination that cannot be priced.</summary>
    Impossible,

    /// <summary>Weights, activations and what the framework keeps do not fit.</summary>
    Weights,

    /// <summary>A single user's first token comes too late.</summary>
    TimeToFirstToken,

    /// <summary>A single user's tokens come too slowly.</summary>
    TimePerOutputToken,

    /// <summary>A single user's gaps are too long.</summary>
    InterTokenLatency,

    /// <summary>A single user's request takes too long.</summary>
    EndToEnd,

    /// <summary>The caches of as many replicas as are allowed hold too few requests.</summary>
    KvCache,

    /// <summary>As many replicas as are allowed serve too few within the limits.</summary>
    Load,

    /// <summary>It costs more than is allowed.</summary>
    Budget,

    /// <summary>Another limit of its steps does as much with less.</summary>
    Dominated,

    /// <summary>The analytic model lets it pass, the simulation does not, with any number of replicas that was tried.</summary>
    Simulated,

    /// <summary>It keeps the level, or might, and costs more.</summary>
    Dearer,
}
