using Inferometer.Server.Wire;
using Microsoft.Extensions.Logging;

namespace Inferometer.Server.Simulator;

/// <summary>The jobs there are: few at once, not many in all, none for long. Thread-safe.</summary>
/// <param name="logger">Told of faults.</param>
/// <param name="stopping">The server stops.</param>
internal sealed class JobQueue(ILogger logger, CancellationToken stopping)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Job> _jobs = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(SimulatorLimits.Running);

    /// <summary>Begins a job.</summary>
    /// <param name="kind">What it does.</param>
    /// <param name="work">The work.</param>
    /// <exception cref="ApiException">Too many wait already.</exception>
    public Job Start(string kind, Func<Action<double>, CancellationToken, string> work)
    {
        Job job;
        lock (_gate)
        {
            Forget();
            if (_jobs.Values.Count(j => !j.IsOver) >= SimulatorLimits.Pending)
            {
                throw ApiException.Busy($"{SimulatorLimits.Pending} jobs wait already; try again when one has ended.", 2);
            }

            job = new Job(kind, stopping);
            _jobs.Add(job.Id, job);
        }

        _ = RunAsync(job, work);
        return job;
    }

    /// <summary>A job by its id.</summary>
    /// <exception cref="ApiException">There is none, or no more.</exception>
    public Job Find(string id)
    {
        lock (_gate)
        {
            Forget();
            return _jobs.TryGetValue(id, out Job? job) ? job : throw new ApiException(
                404, "invalid_request_error",
                $"There is no such job; one that ended is kept for {SimulatorLimits.Age.TotalMinutes:0} minutes.")
            {
                Code = "unknown_job",
            };
        }
    }

    /// <summary>Cancels a job and forgets it.</summary>
    public void Remove(Job job)
    {
        job.Cancel();
        lock (_gate)
        {
            _jobs.Remove(job.Id);
        }
    }

    private async Task RunAsync(Job job, Func<Action<double>, CancellationToken, string> work)
    {
        try
        {
            await job.RunAsync(work, _turn).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            JobLog.Faulted(logger, error, job.Kind, job.Id);
        }
    }

    // What is old goes, and the oldest where there are too many.
    private void Forget()
    {
        DateTimeOffset limit = DateTimeOffset.UtcNow - SimulatorLimits.Age;
        int surplus = _jobs.Count - SimulatorLimits.Kept + 1;
        Job[] over = [.. _jobs.Values.Where(j => j.IsOver).OrderBy(j => j.EndedAt)];
        for (int i = 0; i < over.Length && (i < surplus || over[i].EndedAt < limit); i++)
        {
            _jobs.Remove(over[i].Id);
            over[i].Dispose();
        }
    }
}
