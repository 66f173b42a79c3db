using Inferometer.Core;

namespace Inferometer.Sweeps.Clusters;

/// <summary>What is asked of Slurm.</summary>
internal interface ISlurm
{
    /// <summary>Most tasks of an array, as the cluster has it.</summary>
    /// <exception cref="InferometerException">Slurm is not here, or does not answer.</exception>
    Task<int> MaxTasksAsync(CancellationToken cancellationToken);

    /// <summary>Processors of a partition; 0 where that is not known.</summary>
    Task<int> ProcessorsAsync(string? partition, CancellationToken cancellationToken);

    /// <summary>Submits a script.</summary>
    /// <param name="arguments">Options of sbatch, then the script.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Number of the job.</returns>
    /// <exception cref="InferometerException">It is refused.</exception>
    Task<string> SubmitAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken);

    /// <summary>Tasks of jobs of a name that wait or run; null where the controller did not answer.</summary>
    Task<IReadOnlyList<SlurmTask>?> QueueAsync(string jobName, CancellationToken cancellationToken);

    /// <summary>Cancels all jobs of a name; what is wrong with that is not told.</summary>
    Task CancelAsync(string jobName);
}

/// <summary>A task in the queue.</summary>
/// <param name="Job">Number of its array.</param>
/// <param name="Index">Its index.</param>
/// <param name="IsRunning">It runs; otherwise it waits.</param>
internal sealed record SlurmTask(string Job, int Index, bool IsRunning);
