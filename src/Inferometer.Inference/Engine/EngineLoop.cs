using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Inferometer.Core;
using Inferometer.Scheduling;

namespace Inferometer.Inference.Engine;

/// <summary>
/// The one thread that owns the scheduler and everything in it. Others hand it work as actions, run between steps; it parks when there is
/// nothing to do. No request can end it: what goes wrong for one (its sampler, its text, its grammar) is that one's end, what goes wrong in
/// a step ends those that were in it, and only a failure of the scheduler itself stops the engine, which then says so to everybody.
/// </summary>
internal sealed class EngineLoop : IDisposable
{
    private readonly ConcurrentQueue<Posted> _posted = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _postGate = new();
    private readonly Lock _snapshotGate = new();
    private readonly ModelStepExecutor _executor;
    private readonly List<BeamGroup> _beams = [];
    private readonly Thread _thread;
    private SchedulerSnapshot _snapshot;
    private bool _isClosed;
    private volatile Exception? _fault;

    public EngineLoop(Scheduler scheduler, ModelStepExecutor executor)
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

    /// <summary>What made the engine stop for good; null while it runs.</summary>
    public Exception? Fault => _fault;

    /// <summary>Has an action run on the loop thread before the next step.</summary>
    /// <param name="action">The action.</param>
    /// <param name="owner">Whose request it is about: what the action throws, or that the engine has broken down, is that request's end and
    /// nobody else's.</param>
    /// <exception cref="ObjectDisposedException">The loop has stopped.</exception>
    public void Post(Action action, ISequenceOwner? owner = null) =>
        ObjectDisposedException.ThrowIf(!TryPost(action, owner), typeof(InferenceEngine));

    /// <summary>As <see cref="Post"/>, but without effect once the loop has stopped.</summary>
    /// <returns>False once it has.</returns>
    public bool TryPost(Action action, ISequenceOwner? owner = null)
    {
        lock (_postGate)
        {
            if (_isClosed)
            {
                return false;
            }

            _posted.Enqueue(new Posted(action, owner));
        }

        _wake.Set();
        return true;
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
            RunPosted();
            if (CanStep)
            {
                try
                {
                    RunStep();
                }
                catch (Exception error)
                {
                    BreakDown(error);
                }
            }

            Publish();
            if (!CanStep && _posted.IsEmpty)
            {
                _wake.WaitOne();
            }
        }

        RunPosted();
        ObjectDisposedException closed = new(nameof(InferenceEngine));
        EndAll([.. Scheduler.Running, .. Scheduler.Waiting], closed);
    }

    private bool CanStep => _fault is null && Scheduler.HasWork;

    private void RunPosted()
    {
        while (_posted.TryDequeue(out Posted posted))
        {
            if (_fault is not null && posted.Owner is not null)
            {
                posted.Owner.Fail(_fault);
                continue;
            }

            try
            {
                posted.Run();
            }
            catch (Exception error) when (posted.Owner is not null)
            {
                Fail(posted.Owner, OfRequest(error));
            }
            catch (Exception error)
            {
                BreakDown(error);
            }
        }
    }

    private void RunStep()
    {
        StepPlan plan = Scheduler.BeginStep();
        StepOutcome outcome = default;
        try
        {
            if (!plan.IsEmpty)
            {
                outcome = _executor.Execute(plan, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            Scheduler.Abandon(plan);
            return;
        }
        catch (Exception error)
        {
            // What a step was computing cannot be told apart from what made it fail, so those that were in it end; the others go on.
            Sequence[] inStep = [.. plan.Chunks.Select(chunk => chunk.Sequence)];
            Scheduler.Abandon(plan);
            EndAll(inStep, new InferometerException($"A step of the engine failed: {error.Message}", error));
            AdvanceBeams();
            return;
        }

        Scheduler.EndStep(plan, outcome);
        Publish(); // before callers hear of it: who awaits a result may look at the counts next
        for (int i = 0; i < plan.Finished.Count; i++)
        {
            Deliver(plan.Finished[i]);
        }

        AdvanceBeams();
    }

    /// <summary>Tells the owner of an ended sequence: of its end, or of what made it fail.</summary>
    private void Deliver(Sequence sequence)
    {
        var owner = (ISequenceOwner)sequence.Request.Owner!;
        Exception? error = null;
        for (int i = 0; i < _executor.Failures.Count && error is null; i++)
        {
            error = ReferenceEquals(_executor.Failures[i].Sequence, sequence) ? _executor.Failures[i].Error : null;
        }

        try
        {
            if (error is null)
            {
                owner.OnEnded(sequence);
            }
        }
        catch (Exception late)
        {
            error = late;
        }

        if (error is not null)
        {
            Fail(owner, OfRequest(error));
        }
    }

    /// <summary>Ends what the owner has in the scheduler, then tells its callers: they may look at the counts next.</summary>
    private void Fail(ISequenceOwner owner, Exception error)
    {
        try
        {
            owner.Release(Scheduler, FinishReason.Error);
        }
        catch (Exception broken)
        {
            BreakDown(broken);
        }

        Publish();
        owner.Fail(error);
    }

    private void AdvanceBeams()
    {
        for (int i = _beams.Count - 1; i >= 0 && _fault is null; i--)
        {
            BeamGroup beams = _beams[i];
            try
            {
                beams.Advance(Scheduler);
            }
            catch (Exception error)
            {
                Fail(beams, OfRequest(error));
            }

            if (beams.IsDone)
            {
                _beams.Remove(beams);
                beams.Release(Scheduler, FinishReason.Cancelled);
                Publish();
                beams.Deliver();
            }
        }
    }

    /// <summary>
    /// The scheduler itself failed, so that what it holds can no longer be relied on: everything under way ends, and what comes later is
    /// refused.
    /// </summary>
    private void BreakDown(Exception error)
    {
        _fault ??= new InferometerException($"The engine has failed and cannot go on: {error.Message} Start another one.", error);
        EndAll([.. Scheduler.Running, .. Scheduler.Waiting], _fault);
        foreach (BeamGroup beams in _beams)
        {
            beams.Fail(_fault);
        }

        _beams.Clear();
    }

    private static InferometerException OfRequest(Exception error) =>
        error as InferometerException ?? new InferometerException($"The request failed: {error.Message}", error);

    private void Publish()
    {
        lock (_snapshotGate)
        {
            _snapshot = SchedulerSnapshot.Of(Scheduler);
        }
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

    private void EndAll(Sequence[] sequences, Exception error)
    {
        foreach (Sequence sequence in sequences)
        {
            try
            {
                Scheduler.End(sequence, FinishReason.Error);
                ((ISequenceOwner)sequence.Request.Owner!).Release(Scheduler, FinishReason.Error);
            }
            catch (Exception) when (_fault is not null)
            {
                // The scheduler is past help; its sequence has an owner who waits.
            }
        }

        Publish();
        foreach (Sequence sequence in sequences)
        {
            ((ISequenceOwner)sequence.Request.Owner!).Fail(error);
        }
    }

    /// <summary>An action to run between steps, and whose request it is about; null for one about the engine.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Posted(Action Run, ISequenceOwner? Owner);
}
