namespace Inferometer.Scheduling.Blocks;

/// <summary>A change of a pool or a table that a step can take back.</summary>
internal enum BlockEvent
{
    /// <summary>A free block was handed out; value: its stale count of filled slots.</summary>
    TakenFree,

    /// <summary>The least recently used cached block was evicted and handed out; value: its filled slots.</summary>
    Evicted,

    /// <summary>A block in use got one more user.</summary>
    Shared,

    /// <summary>A cached block got its first user; value: its older neighbour in the eviction order.</summary>
    Revived,

    /// <summary>A block lost one of several users.</summary>
    Unshared,

    /// <summary>A block lost its last user and became free.</summary>
    Freed,

    /// <summary>A block lost its last user and became cached, as the newest.</summary>
    Cached,

    /// <summary>The filled slots of a block changed; value: those before.</summary>
    Filled,

    /// <summary>A table got a block at its end.</summary>
    TableGrew,

    /// <summary>A table gave up the block at its end.</summary>
    TableShrank,

    /// <summary>A table's block was replaced; value: the index.</summary>
    TableReplaced,
}
