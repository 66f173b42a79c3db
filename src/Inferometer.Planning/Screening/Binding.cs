namespace Inferometer.Planning.Screening;

/// <summary>What keeps a replica from serving more.</summary>
public enum Binding
{
    /// <summary>The caches hold no more requests.</summary>
    KvCache,

    /// <summary>Steps are allowed no more sequences.</summary>
    BatchLimit,

    /// <summary>The limit of the time to first token.</summary>
    TimeToFirstToken,

    /// <summary>The limit of the time per output token.</summary>
    TimePerOutputToken,

    /// <summary>The limit of the gaps between tokens.</summary>
    InterTokenLatency,

    /// <summary>The limit of the time of whole requests.</summary>
    EndToEnd,
}
