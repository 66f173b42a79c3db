using Inferometer.Scheduling;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Explanation;

/// <summary>One replica's steps, and where the time of the requests goes that are with it.</summary>
/// <param name="plan">What prices a prompt alone.</param>
/// <param name="scheduler">How the replica batches.</param>
internal sealed class ReplicaTimes(ICostPlan plan, SchedulerOptions scheduler)
{
    private readonly StepLine _line = new();
    private readonly Dictionary<Sequence, RequestTimes> _requests = [];
    private readonly List<Sequence> _reading = [];
    private readonly List<Sequence> _preempted = [];

    /// <summary>Steps there were.</summary>
    public int Steps => _line.Count;

    /// <summary>Up to the end of the last step.</summary>
    public StepMark Now => _line.Now;

    /// <summary>Takes a step in.</summary>
    public void Add(in ServiceStep step)
    {
        StepPlan did = step.Plan;
        _line.Add(did.BeginSeconds, did.EndSeconds, step.DecodeSeconds, ReasonOf(step));
        foreach (Sequence sequence in did.Preempted)
        {
            if (_requests[sequence] is { Preempted: null } times)
            {
                times.Preempted = _line.LastBegin;
                _preempted.Add(sequence);
            }
        }

        foreach (Sequence sequence in did.Admitted)
        {
            Admit(sequence);
        }

        Read(did);
        Resume();
    }

    /// <summary>Gives out what is known of a request that ended with the last step.</summary>
    public RequestTimes Remove(Sequence sequence) =>
        _requests.Remove(sequence, out RequestTimes? times) ? times : new RequestTimes { Admitted = Now };

    private QueueReason ReasonOf(in ServiceStep step)
    {
        bool joins = scheduler.Batching != BatchingMode.Static || step.Plan.Admitted.Count > 0;
        return step.Running >= scheduler.EffectiveMaxSequences || !joins ? QueueReason.Place
            : step.Plan.TokenCount >= scheduler.MaxTokensPerStep ? QueueReason.Prompts
            : QueueReason.Cache;
    }

    private void Admit(Sequence sequence)
    {
        if (_requests.ContainsKey(sequence))
        {
            return; // it was preempted, and its time is counted as that until its next token
        }

        StepMark now = _line.LastBegin, from = _line.FirstFrom(sequence.ArrivalSeconds);
        _reading.Add(sequence);
        _requests.Add(sequence, new RequestTimes
        {
            StepUnderWay = from.Seconds - sequence.ArrivalSeconds,
            Prompts = now.QueueForPrompts - from.QueueForPrompts,
            Place = now.QueueForPlace - from.QueueForPlace,
            Cache = now.QueueForCache - from.QueueForCache,
            Admitted = now,
        });
    }

    // Of those who have no token yet: their own prompts, or others'.
    private void Read(StepPlan did)
    {
        if (_reading.Count == 0)
        {
            return;
        }

        double seconds = _line.Now.Seconds - _line.LastBegin.Seconds;
        foreach (StepChunk chunk in did.Chunks)
        {
            if (chunk.IsPrefill && _requests[chunk.Sequence] is { Preempted: null } times)
            {
                PrefillChunk own = new(chunk.PastTokens, chunk.TokenCount, EndsPrompt: chunk.LogitRows > 0);
                double alone = Math.Min(seconds, plan.Step([own], []).LatencySeconds);
                times.OwnPrompt += alone;
                times.Beside += seconds - alone;
                times.LastStep = _line.Count;
            }
        }

        for (int i = _reading.Count - 1; i >= 0; i--)
        {
            Sequence sequence = _reading[i];
            RequestTimes times = _requests[sequence];
            times.Prompts += times.Preempted is null && times.LastStep != _line.Count ? seconds : 0;
            if (!double.IsNaN(sequence.FirstTokenSeconds))
            {
                times.First = _line.Now;
                _reading[i] = _reading[^1];
                _reading.RemoveAt(_reading.Count - 1);
                if (times.Preempted is { } since)
                {
                    times.Cache += _line.Now.Seconds - since.Seconds;
                    times.Preempted = null;
                    _preempted.Remove(sequence);
                }
            }
        }
    }

    private void Resume()
    {
        for (int i = _preempted.Count - 1; i >= 0; i--)
        {
            RequestTimes times = _requests[_preempted[i]];
            StepMark since = times.Preempted!.Value;
            if (_preempted[i].LastTokenSeconds > since.Seconds)
            {
                times.PreemptedSeconds += _line.Now.Seconds - since.Seconds;
                times.PreemptedDecode += _line.Now.Decode - since.Decode;
                times.PreemptedPrompts += _line.Now.Prompts - since.Prompts;
                times.Preempted = null;
                _preempted.RemoveAt(i);
            }
        }
    }
}
