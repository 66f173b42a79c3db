namespace Inferometer.Scheduling;

/// <content>
/// What owners do to their sequences between steps. While a step is under way each of these is refused: the step reads the
/// tokens and blocks that they would change.
/// </content>
public sealed partial class Scheduler
{
    /// <summary>
    /// Splits a sequence: the new one has the same tokens and shares the blocks until one of the two writes. It keeps the parent's
    /// place in the order and its limits; the caller stays within <see cref="SequenceRequest.ParallelSequences"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The parent has ended, or a step is under way.</exception>
    public Sequence Fork(Sequence parent, object? owner)
    {
        ArgumentNullException.ThrowIfNull(parent);
        RequireChangeable(parent);
        Sequence child = new(_nextId++, parent.Request with { Owner = owner }, parent.MaxTokens, parent.OrderKey, Pool)
        {
            IsFork = true,
            ArrivalSeconds = parent.ArrivalSeconds,
            AdmittedSeconds = parent.AdmittedSeconds,
            FirstTokenSeconds = parent.FirstTokenSeconds,
            PromptTokensBefore = parent.PromptTokensBefore,
            PromptTokensUntilFirst = parent.PromptTokensUntilFirst,
            LastTokenSeconds = parent.LastTokenSeconds,
        };
        child.CopyFrom(parent, Pool.BlockSize);
        Register(child);
        if (parent.State == SequenceState.Waiting)
        {
            Enqueue(child);
        }
        else
        {
            child.Table.ShareFrom(parent.Table);
            child.State = SequenceState.Running;
            InsertRunning(child);
        }

        Observer?.OnSubmitted(child);
        return child;
    }

    /// <summary>
    /// Makes one sequence a copy of another, as a beam does that is replaced by a better one. Shares blocks; allocates nothing in the
    /// steady state.
    /// </summary>
    /// <exception cref="InvalidOperationException">Either has ended, or a step is under way.</exception>
    public void Overwrite(Sequence target, Sequence source)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(source);
        RequireChangeable(target);
        RequireChangeable(source);
        target.CopyFrom(source, Pool.BlockSize);
        if (target.State == SequenceState.Running && source.State == SequenceState.Running)
        {
            target.Table.ShareFrom(source.Table);
            return;
        }

        target.Table.Truncate(0);
        target.ComputedTokens = 0;
        target.PublishedBlocks = 0;
        target.IsHeld = false;
    }

    /// <summary>Appends a token that the owner chose to a sequence for which the executor emitted none.</summary>
    /// <exception cref="InvalidOperationException">The sequence has ended or has all its tokens, or a step is under way.</exception>
    public void Append(Sequence sequence, int token)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        RequireChangeable(sequence);
        if (sequence.RemainingTokens == 0)
        {
            throw new InvalidOperationException($"sequence {sequence.Id} already has its {sequence.MaxTokens} tokens");
        }

        sequence.Append(token);
        NoteTokens(sequence, 1, NowSeconds);
    }

    private void RequireChangeable(Sequence sequence)
    {
        RequireLanded();
        if (_isStepOpen)
        {
            throw new InvalidOperationException(
                $"sequence {sequence.Id} cannot be changed while a step is under way; do it once the step has ended");
        }

        if (sequence.State == SequenceState.Finished)
        {
            throw new InvalidOperationException($"sequence {sequence.Id} has ended ({sequence.FinishReason})");
        }
    }
}
