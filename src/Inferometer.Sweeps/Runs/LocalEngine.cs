using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Runs;

/// <summary>The cores of this machine, a shard each at a time.</summary>
/// <param name="threads">Cores to use, at least 1.</param>
public sealed class LocalEngine(int threads) : ISweepEngine
{
    // About a second of work, which is what a kill can cost each core.
    private const long EstimatesOfShard = 1 << 16;
    private const long ServicesOfShard = 256;

    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<int> ShardsForAsync(SweepSpace space, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(space);
        long size = space.IsSimulated ? ServicesOfShard : EstimatesOfShard;

        // A small space is cut so that every core has some of it.
        long shards = Math.Max((space.Count + size - 1) / size, Math.Min(4L * threads, space.Count));
        return Task.FromResult((int)shards);
    }

    /// <inheritdoc/>
    public async Task RunAsync(SweepRun run, IProgress<SweepProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        ConcurrentQueue<int> missing = new(run.Missing());
        long before = run.PointsDone(), done = 0;
        var clock = Stopwatch.StartNew();
        Exception? fault = null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] workers = [.. Enumerable.Range(0, Math.Min(threads, missing.Count)).Select(_ => Task.Run(WorkAsync, cancellationToken))];
        try
        {
            await Task.WhenAll(workers).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (fault is not null)
        {
            // The others were stopped because of the fault.
        }

        if (fault is not null)
        {
            ExceptionDispatchInfo.Throw(fault);
        }

        async Task WorkAsync()
        {
            try
            {
                while (missing.TryDequeue(out int shard))
                {
                    await run.RunShardAsync(shard, "local", Advanced, stop.Token).ConfigureAwait(false);
                }
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                // What one cannot do is no reason for the others to go on for hours.
                Interlocked.CompareExchange(ref fault, error, null);
                await stop.CancelAsync().ConfigureAwait(false);
            }
        }

        void Advanced(int points)
        {
            long here = Interlocked.Add(ref done, points);
            progress?.Report(new SweepProgress(run.Manifest.Points, before + here, here, clock.Elapsed.TotalSeconds, ""));
        }
    }
}
