namespace Inferometer.Scheduling;

/// <content>A step from its beginning to its end, or back.</content>
public sealed partial class Scheduler
{
    private readonly List<SequenceMark> _marks = []; // of what planning moved, in order
    private readonly List<Sequence> _pendingEnds = [];
    private long _stepNumber;
    private bool _isStepOpen;

    /// <summary>True between <see cref="BeginStep"/> and <see cref="EndStep"/> or <see cref="Abandon"/>.</summary>
    public bool IsStepOpen => _isStepOpen;

    /// <summary>Plans a step, has it executed and takes in what it gave. If the executor throws, the step is abandoned.</summary>
    /// <returns>
    /// The step; valid until the next one. Empty when nothing needed computing (expired sequences may still be listed as finished).
    /// </returns>
    /// <exception cref="InvalidOperationException">A step is under way.</exception>
    public StepPlan Step(IStepExecutor executor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(executor);
        StepPlan plan = BeginStep();
        StepOutcome outcome = default;
        if (!plan.IsEmpty)
        {
            try
            {
                outcome = executor.Execute(plan, cancellationToken);
                RequireDuration(outcome);
            }
            catch
            {
                Abandon(plan);
                throw;
            }
        }

        EndStep(plan, outcome);
        return plan;
    }

    /// <summary>
    /// Plans a step and opens it: deadlines are looked at, sequences admitted and preempted, blocks taken. Whoever calls this runs
    /// the plan's copies and chunks, tells the chunks what came of it, and then calls <see cref="EndStep"/>, or <see cref="Abandon"/>.
    /// An empty plan is ended too; it counts as no step.
    /// </summary>
    /// <returns>The step; valid until the next one begins.</returns>
    /// <exception cref="InvalidOperationException">A step is under way already.</exception>
    public StepPlan BeginStep()
    {
        if (_isStepOpen)
        {
            throw new InvalidOperationException("a step is under way; end or abandon it before the next begins");
        }

        RequireLanded();

        _isStepOpen = true;
        _stepNumber++;
        _marks.Clear();
        Pool.BeginJournal();
        try
        {
            Plan();
        }
        catch
        {
            TakeBack(blocksUntouched: true);
            throw;
        }

        return _plan;
    }

    /// <summary>Takes in what a step gave: tokens, lengths, ends, prefixes, counts.</summary>
    /// <param name="plan">The step that is under way.</param>
    /// <param name="outcome">What it took.</param>
    /// <exception cref="InvalidOperationException">No step is under way, or another one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The duration is negative or no number; the step is then still under way.</exception>
    public void EndStep(StepPlan plan, StepOutcome outcome)
    {
        RequireOpen(plan);
        RequireDuration(outcome);
        _isStepOpen = false;
        Pool.Keep();
        Commit(outcome);
    }

    /// <summary>
    /// Takes a step back as a whole, however much of it has run: queue, batch, blocks, counts and drafts are as they were before
    /// <see cref="BeginStep"/>, and the next step plans anew. What came from outside meanwhile stays: submitted requests are
    /// queued, and sequences that were ended end now. Expired sequences live again; as time does not run backwards, the next step
    /// finds them expired again.
    /// <para>
    /// The one exception is what the step may have overwritten: blocks that it took from others and handed out to be written. A
    /// cached prefix that it evicted is forgotten, and a sequence that it preempted and of whose blocks one was handed out stays
    /// preempted, and computes again. With <paramref name="blocksUntouched"/> there is no exception.
    /// </para>
    /// </summary>
    /// <param name="plan">The step that is under way.</param>
    /// <param name="blocksUntouched">Promises that nobody has begun to run the plan, neither copies nor chunks.</param>
    /// <exception cref="InvalidOperationException">No step is under way, or another one.</exception>
    public void Abandon(StepPlan plan, bool blocksUntouched = false)
    {
        RequireOpen(plan);
        TakeBack(blocksUntouched);
    }

    private void TakeBack(bool blocksUntouched)
    {
        foreach (StepChunk chunk in _plan.ChunkList)
        {
            chunk.TakeBackDrafts();
        }

        for (int i = _marks.Count - 1; i >= 0; i--)
        {
            TakeBack(_marks[i]);
        }

        Pool.TakeBack(blocksUntouched);
        _isStepOpen = false;
        if (!blocksUntouched && _marks.Count > 0)
        {
            PreemptOverwritten();
        }

        _marks.Clear();
        EndPending(NowSeconds);
    }

    private void TakeBack(SequenceMark mark)
    {
        Sequence sequence = mark.Sequence;
        if (sequence.State == SequenceState.Waiting)
        {
            _waiting.Remove(sequence);
        }
        else
        {
            _running.Remove(sequence);
        }

        switch (mark.Move)
        {
            case SequenceMove.Preempted:
                _statistics.Preemptions--;
                _statistics.DiscardedTokens -= mark.ComputedTokens;
                break;
            case SequenceMove.Expired:
                _statistics.Expired--;
                _deadlines.Add(sequence);
                break;
            default:
                _statistics.CachedPromptTokens -= mark.IsFirstAdmission ? sequence.CachedPromptTokens : 0;
                break;
        }

        mark.Restore();
        if (sequence.State == SequenceState.Waiting)
        {
            _waiting.Add(sequence);
        }
        else
        {
            InsertRunning(sequence);
        }
    }

    /// <summary>What a running sequence has computed may lie in blocks that the abandoned step took from it and wrote.</summary>
    private void PreemptOverwritten()
    {
        for (int i = _running.Count - 1; i >= 0; i--)
        {
            Sequence sequence = _running[i];
            int computed = Math.Min(Pool.BlocksFor(sequence.ComputedTokens), sequence.Table.Count);
            for (int index = 0; index < computed; index++)
            {
                if (Pool.WasHandedOut(sequence.Table[index]))
                {
                    Preempt(sequence);
                    break;
                }
            }
        }
    }

    private void EndLater(Sequence sequence, FinishReason reason)
    {
        if (sequence.PendingEnd == FinishReason.None)
        {
            sequence.PendingEnd = reason;
            _pendingEnds.Add(sequence);
        }
    }

    private void EndPending(double now)
    {
        foreach (Sequence sequence in _pendingEnds)
        {
            FinishReason reason = sequence.PendingEnd;
            sequence.PendingEnd = FinishReason.None;
            if (sequence.State != SequenceState.Finished)
            {
                EndNow(sequence, reason, now);
                _plan.FinishedList.Add(sequence);
                Observer?.OnEnded(sequence);
            }
        }

        _pendingEnds.Clear();
    }

    private void RequireOpen(StepPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (!ReferenceEquals(plan, _plan))
        {
            throw new InvalidOperationException("the plan is of another scheduler");
        }

        if (!_isStepOpen)
        {
            throw new InvalidOperationException("no step is under way; this one has been ended or abandoned already");
        }
    }

    private static void RequireDuration(StepOutcome outcome)
    {
        if (!(outcome.DurationSeconds >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(outcome), outcome.DurationSeconds, "a step takes no less than no time");
        }
    }
}
