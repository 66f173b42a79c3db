using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Serving.Tests;

/// <summary>A scheduler on a virtual clock that serves a trace, its recorder attached.</summary>
internal sealed class TraceReplay
{
    private readonly FixedStepExecutor _executor;

    public TraceReplay(
        ServingRecorder recorder,
        SchedulerOptions? options = null,
        int blocks = 256,
        double stepSeconds = 0.1,
        int drafts = 0,
        Func<StepChunk, int>? accepted = null)
    {
        BlockPool pool = new(new BlockPoolOptions { BlockCount = blocks });
        Scheduler = new Scheduler(options ?? new SchedulerOptions(), pool, Clock) { Observer = recorder };
        _executor = new FixedStepExecutor(Clock, stepSeconds) { Drafts = drafts, Accepted = accepted ?? (_ => 0) };
    }

    public VirtualClock Clock { get; } = new();

    public Scheduler Scheduler { get; }

    /// <summary>Requests in the system, integrated over time from the scheduler's own counts.</summary>
    public double RequestSeconds { get; private set; }

    public List<Sequence> Sequences { get; } = [];

    public void Run(ArrivalTrace trace, Func<Arrival, SequenceRequest>? toRequest = null, Action? betweenSteps = null)
    {
        toRequest ??= ToRequest;
        int next = 0;
        while (next < trace.Count || Scheduler.HasWork)
        {
            for (; next < trace.Count && trace[next].Seconds <= Clock.Seconds; next++)
            {
                RequestSeconds += Clock.Seconds - trace[next].Seconds; // it came while a step was under way
                if (Scheduler.TrySubmit(toRequest(trace[next]), out Sequence? sequence, out _))
                {
                    Sequences.Add(sequence);
                }
            }

            if (!Scheduler.HasWork)
            {
                Clock.AdvanceTo(next < trace.Count ? trace[next].Seconds : Clock.Seconds);
                continue;
            }

            StepPlan plan = Scheduler.BeginStep();
            double before = Clock.Seconds;
            StepOutcome outcome = plan.IsEmpty ? default : _executor.Execute(plan, TestContext.Current.CancellationToken);
            RequestSeconds += (Clock.Seconds - before) * (Scheduler.WaitingCount + Scheduler.RunningCount);
            Scheduler.EndStep(plan, outcome);
            betweenSteps?.Invoke();
        }
    }

    public static SequenceRequest ToRequest(Arrival arrival) => new()
    {
        Prompt = Enumerable.Range(0, arrival.InputTokens).Select(i => (i * 31) + arrival.InputTokens).ToArray(),
        MaxNewTokens = arrival.OutputTokens,
        ArrivalSeconds = arrival.Seconds,
        Priority = arrival.Priority,
    };
}
