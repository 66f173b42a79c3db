using System.Collections.Concurrent;
using Inferometer.Core;
using Inferometer.Scheduling;

namespace Inferometer.Inference.Engine;

/// <summary>
/// The one thread that owns the scheduler and everything in it. Others hand it work as actions, run between steps; it parks when there is nothing to do.
/// </summary>
internal sealed class EngineLoop : IDisposable
{
    private readonly ConcurrentQueue<Action> _actions = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _postGate = new();
    private readonly Lock _snapshotGate = new();
    private readonly IStepExecutor _executor;
    private readonly List<BeamGroup> _beams = [];
    private readonly Thread _thread;
    private SchedulerSnapshot _snapshot;
    private bool _isClosed;

    public EngineLoop(Scheduler scheduler, IStepExecutor executor)
    {
        Scheduler = scheduler;
        _executor = executor;
        _snapshot = SchedulerSnapshot.Of(scheduler);
        _thread = new Thread(Run) { IsBackground = true, Name = "inferometer engine" };
        _thread.Start();
    }

    /// <summary>To be touched by posted actions only.</summary>
    public Scheduler Scheduler { get; }

    /// <summary>Counts at the end of the last step.</summary>
    public SchedulerSnapshot Snapshot
    {
        get
        {
            lock (_snapshotGate)
            {
                return _snapshot;
            }
        }
    }

    /// <summary>Has an action run on the loop thread before the next step.</summary>
    /// <exception cref="ObjectDisposedException">The loop has stopped.</exception>
    public void Post(Action action)
    {
        lock (_postGate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(InferenceEngine));
            _actions.Enqueue(action);
        }

        _wake.Set();
    }

    /// <summary>As <see cref="Post"/>, but without effect once the loop has stopped.</summary>
    public void TryPost(Action action)
    {
        lock (_postGate)
        {
            if (_isClosed)
            {
                return;
            }

            _actions.Enqueue(action);
        }

        _wake.Set();
    }

    /// <summary>Makes the loop wait before its next step until the result is disposed, or the loop is.</summary>
    public IDisposable Hold()
    {
        HeldLoop held = new();
        Post(() => held.Wait(_stop.Token));
        return held;
    }

    /// <summary>Has a beam group advanced after each step until it is done. Loop thread only.</summary>
    public void Follow(BeamGroup group) => _beams.Add(group);

    /// <summary>Ends everything under way, waits for the step in progress, and stops the thread.</summary>
    public void Dispose()
    {
        lock (_postGate)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
        }

        _stop.Cancel();
        _wake.Set();
        _thread.Join();
        _wake.Dispose();
        _stop.Dispose();
    }

    private void Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            while (_actions.TryDequeue(out Action? action))
            {
                action();
            }

            if (Scheduler.HasWork)
            {
                RunStep();
            }

            Publish();
            if (!Scheduler.HasWork && _actions.IsEmpty)
            {
                _wake.WaitOne();
            }
        }

        Close();
    }

    private void RunStep()
    {
        StepPlan plan = Scheduler.BeginStep();
        StepOutcome outcome;
        try
        {
            outcome = plan.IsEmpty ? default : _executor.Execute(plan, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            Scheduler.Abandon(plan);
            return;
        }
        catch (Exception error)
        {
            // What a step was computing cannot be told apart from what made it fail, so all that ran is ended, those included that
            // the step had just admitted; the engine goes on.
            Sequence[] inStep = [.. plan.Chunks.Select(c => c.Sequence)];
            Scheduler.Abandon(plan);
            EndAll([.. inStep.Union(Scheduler.Running)], new InferometerException($"A step of the engine failed: {error.Message}", error));
            return;
        }

        Scheduler.EndStep(plan, outcome);
        Publish(); // before callers hear of it: who awaits a result may look at the counts next
        for (int i = 0; i < plan.Finished.Count; i++)
        {
            Sequence sequence = plan.Finished[i];
            ((ISequenceOwner)sequence.Request.Owner!).OnEnded(sequence);
        }

        for (int i = _beams.Count - 1; i >= 0; i--)
        {
            _beams[i].Advance(Scheduler);
            if (_beams[i].IsDone)
            {
                _beams[i].EndAll(Scheduler, FinishReason.Cancelled);
                Publish();
                _beams[i].Deliver();
                _beams.RemoveAt(i);
            }
        }
    }

    private void Publish()
    {
        lock (_snapshotGate)
        {
            _snapshot = SchedulerSnapshot.Of(Scheduler);
        }
    }

    private void Close()
    {
        while (_actions.TryDequeue(out Action? action))
        {
            action();
        }

        ObjectDisposedException closed = new(nameof(InferenceEngine));
        EndAll(Scheduler.Running, closed);
        EndAll(Scheduler.Waiting, closed);
        Publish();
    }

    private sealed class HeldLoop : IDisposable
    {
        private readonly ManualResetEventSlim _released = new();

        // The loop may not have come here when it is released already; the event goes with the last reference to it.
        public void Wait(CancellationToken cancellationToken)
        {
            try
            {
                _released.Wait(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // The engine is being disposed.
            }
        }

        public void Dispose() => _released.Set();
    }

    private void EndAll(IReadOnlyList<Sequence> sequences, Exception error)
    {
        foreach (Sequence sequence in sequences.ToArray())
        {
            Scheduler.End(sequence, FinishReason.Error);
            ((ISequenceOwner)sequence.Request.Owner!).Fail(error);
        }
    }
}
