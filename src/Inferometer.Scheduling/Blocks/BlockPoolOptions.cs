namespace Inferometer.Scheduling.Blocks;

/// <summary>Size and behaviour of a <see cref="BlockPool"/>.</summary>
public sealed record BlockPoolOptions
{
    /// <summary>Blocks in the pool, at least 1.</summary>
    public required int BlockCount { get; init; }

    /// <summary>Tokens a block holds, at least 1.</summary>
    public int BlockSize { get; init; } = 16;

    /// <summary>Keep full blocks after use and hand them to requests with the same prefix.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>
    /// Seed of the hash chain. A server that takes untrusted prompts gives a random one, so that nobody can construct colliding
    /// prefixes.
    /// </summary>
    public ulong HashSeed { get; init; }
}
