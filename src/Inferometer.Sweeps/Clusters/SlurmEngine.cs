using System.Diagnostics;
using System.Globalization;
using System.Text;
using Inferometer.Core;
using Inferometer.Sweeps.Runs;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Clusters;

/// <summary>
/// A cluster under Slurm: job arrays whose tasks do a shard each. What is done is told by the shards that are there, never by exit codes or
/// accounting, which clusters keep differently; the queue only says which of the others are still under way. A shard that is neither there
/// nor under way is given to a new task.
/// </summary>
public sealed class SlurmEngine : ISweepEngine
{
    // A task costs a scheduler 0.2 to 1.7 s a slot (docs/scaling.md): a shard is at least ten seconds of work, and a minute where that
    // keeps
    // every processor busy.
    private const long FewestEstimates = 500_000, UsualEstimates = 4_000_000;
    private const long FewestServices = 3_000, UsualServices = 20_000;
    private const int ShardsPerProcessor = 4;

    // A file system between nodes may show a file some seconds late.
    private const int LooksBeforeLost = 3;

    private readonly SlurmOptions _options;
    private readonly ISlurm _slurm;

    /// <summary>Uses the cluster whose commands are here.</summary>
    public SlurmEngine(SlurmOptions options)
        : this(options, new SlurmCommands())
    {
    }

    internal SlurmEngine(SlurmOptions options, ISlurm slurm)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _slurm) = (options, slurm);
    }

    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken cancellationToken) => _slurm.MaxTasksAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<int> ShardsForAsync(SweepSpace space, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(space);
        int most = await _slurm.MaxTasksAsync(cancellationToken).ConfigureAwait(false);
        int processors = await _slurm.ProcessorsAsync(_options.Partition, cancellationToken).ConfigureAwait(false);
        return ShardsFor(space.Count, space.IsSimulated, processors, most);
    }

    /// <summary>The rule: shards of a minute; smaller ones where some processors would have none, down to ten seconds; one array.</summary>
    internal static int ShardsFor(long points, bool simulated, int processors, int mostTasks)
    {
        (long fewest, long usual) = simulated ? (FewestServices, UsualServices) : (FewestEstimates, UsualEstimates);
        long byTime = (points + usual - 1) / usual;
        long byProcessors = Math.Min((long)ShardsPerProcessor * processors, (points + fewest - 1) / fewest);
        return (int)Math.Clamp(Math.Max(byTime, byProcessors), 1, mostTasks);
    }

    /// <inheritdoc/>
    public async Task RunAsync(SweepRun run, IProgress<SweepProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        string name = $"inferometer-{run.Manifest.Fingerprint[..12]}";
        SlurmJobs jobs = new(Path.Combine(run.FolderPath, "jobs"));
        int most = await _slurm.MaxTasksAsync(cancellationToken).ConfigureAwait(false);
        Dictionary<int, int> attempts = [], unseen = [];
        long before = run.PointsDone();
        var clock = Stopwatch.StartNew();
        try
        {
            while (run.Missing() is { Count: > 0 } missing)
            {
                if (await _slurm.QueueAsync(name, cancellationToken).ConfigureAwait(false) is { } queue)
                {
                    HashSet<int> underWay = jobs.ShardsOf(queue);
                    IReadOnlyList<int> lost = Lost(run.Missing(), underWay, attempts, unseen);
                    RequireRetriesLeft(run, lost, attempts);
                    foreach (int[] part in lost.Chunk(most))
                    {
                        await SubmitAsync(run, name, part, jobs, cancellationToken).ConfigureAwait(false);
                    }

                    Report(run, progress, before, clock, queue);
                }

                await Task.Delay(_options.Poll, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            // Tasks of a sweep that was stopped, and second attempts at shards that are there.
            await _slurm.CancelAsync(name).ConfigureAwait(false);
        }
    }

    // A shard that no task has yet is wanted at once; one whose task is gone, when its file has not come for some looks.
    private static List<int> Lost(
        IReadOnlyList<int> missing, HashSet<int> underWay, Dictionary<int, int> attempts, Dictionary<int, int> unseen)
    {
        List<int> lost = [];
        foreach (int shard in missing)
        {
            if (underWay.Contains(shard))
            {
                unseen.Remove(shard);
            }
            else if (!attempts.ContainsKey(shard) || (unseen[shard] = unseen.GetValueOrDefault(shard) + 1) >= LooksBeforeLost)
            {
                unseen.Remove(shard);
                attempts[shard] = attempts.GetValueOrDefault(shard) + 1;
                lost.Add(shard);
            }
        }

        return lost;
    }

    private void RequireRetriesLeft(SweepRun run, IReadOnlyList<int> lost, Dictionary<int, int> attempts)
    {
        if (lost.FirstOrDefault(s => attempts[s] > _options.Retries + 1, -1) is >= 0 and var shard)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"shard {shard} failed {_options.Retries + 1} times. The last log in '{Path.Combine(run.FolderPath, "logs")}' says: ")
                + LastLog(run.FolderPath));
        }
    }

    private async Task SubmitAsync(
        SweepRun run, string name, IReadOnlyList<int> shards, SlurmJobs jobs, CancellationToken cancellationToken)
    {
        string[] read = [.. new[] { run.Manifest.WorkingFolder, run.Manifest.Catalog }.OfType<string>()];
        string script = jobs.NextScript();
        await File.WriteAllTextAsync(script, ArrayScript.Of(shards, _options, run.FolderPath, read),
            cancellationToken).ConfigureAwait(false);
        List<string> arguments =
        [
            "--job-name", name,
            "--array", string.Create(CultureInfo.InvariantCulture, $"0-{shards.Count - 1}"),
            "--output", Path.Combine(run.FolderPath, "logs", "%A_%a.log"),
            "--chdir", run.Manifest.WorkingFolder,

            // A node that fails loses its tasks, and what they had is given out again here, sooner than the controller would.
            "--no-requeue",
        ];
        if (_options.Partition is { } partition)
        {
            arguments.AddRange(["--partition", partition]);
        }

        arguments.AddRange(_options.Options);
        arguments.Add(script);
        jobs.Add(await _slurm.SubmitAsync(arguments, cancellationToken).ConfigureAwait(false), shards);
    }

    private static void Report(
        SweepRun run, IProgress<SweepProgress>? progress, long before, Stopwatch clock, IReadOnlyList<SlurmTask> queue)
    {
        long done = run.PointsDone();
        int running = queue.Count(t => t.IsRunning);
        progress?.Report(new SweepProgress(
            run.Manifest.Points, done, done - before, clock.Elapsed.TotalSeconds,
            string.Create(CultureInfo.InvariantCulture, $"{running} tasks run, {queue.Count - running} wait")));
    }

    private static string LastLog(string folder)
    {
        FileInfo? last = new DirectoryInfo(Path.Combine(folder, "logs")).EnumerateFiles().Where(f => f.Length > 0)
            .MaxBy(f => f.LastWriteTimeUtc);
        if (last is null)
        {
            return "nothing.";
        }

        const int Letters = 600;
        string text = File.ReadAllText(last.FullName, Encoding.UTF8).Trim();
        return text.Length <= Letters ? text : "..." + text[^Letters..];
    }
}
