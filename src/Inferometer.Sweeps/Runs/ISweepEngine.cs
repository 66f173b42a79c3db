using Inferometer.Core;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Runs;

/// <summary>What does the shards of a sweep.</summary>
public interface ISweepEngine
{
    /// <summary>Looks whether it can work here, before anything is written.</summary>
    /// <exception cref="InferometerException">It cannot; says why.</exception>
    Task CheckAsync(CancellationToken cancellationToken);

    /// <summary>How many shards it would cut a space into.</summary>
    Task<int> ShardsForAsync(SweepSpace space, CancellationToken cancellationToken);

    /// <summary>Does every shard that is missing.</summary>
    /// <exception cref="InferometerException">A shard cannot be done.</exception>
    Task RunAsync(SweepRun run, IProgress<SweepProgress>? progress, CancellationToken cancellationToken);
}
