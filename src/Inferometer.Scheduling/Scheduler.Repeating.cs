namespace Inferometer.Scheduling;

/// <content>
/// Many decode steps of one batch in one call: what stepping one by one does, without looking at every sequence in every step.
/// </content>
public sealed partial class Scheduler
{
    private int[] _phaseStarts = [];
    private int[] _byPhase = [];

    /// <summary>
    /// Runs steps as long as each would decode one token of every running sequence, admit nobody and preempt nobody; the step that ends a
    /// sequence is the last. Queue, batch, blocks, prefixes and counts are afterwards what they are when <see cref="Step"/> is called as
    /// often with an executor that emits 0. Of the tokens the executor knows; the observer hears of sequences that ended.
    /// </summary>
    /// <param name="executor">What runs the steps.</param>
    /// <returns>Steps run; 0 when the next one is of another kind, or the executor would not.</returns>
    /// <exception cref="InvalidOperationException">A step is under way.</exception>
    public int RepeatDecode(IRepeatedStepExecutor executor)
    {
        ArgumentNullException.ThrowIfNull(executor);
        if (_isStepOpen)
        {
            throw new InvalidOperationException("a step is under way; end or abandon it before others begin");
        }

        RequireLanded();

        int most = StepsToNextEnd();
        if (most == 0)
        {
            return 0;
        }

        bool admits = _waiting.Count > 0 && Options.Batching != BatchingMode.Static && _running.Count < Options.EffectiveMaxSequences
            && (Options.PrefillFirst || _running.Count < Options.MaxTokensPerStep);
        SortByPhase();
        executor.Begin(_running);
        int steps = 0;
        long filled = Pool.FilledSlots;
        while (steps < most)
        {
            ReadOnlySpan<int> growing = WithPhase(steps, 0);
            if (growing.Length > Pool.AvailableBlocks || (admits && MayAdmit(growing.Length))
                || !executor.TryExecute(out StepOutcome outcome))
            {
                break;
            }

            foreach (int index in growing)
            {
                Sequence sequence = _running[index];
                sequence.Table.TryGrow(sequence.ComputedTokens + steps + 1);
            }

            filled += _running.Count;
            steps++;
            Publish(WithPhase(steps, 0), steps);
            Count(outcome, filled);
        }

        TakeIn(steps);
        executor.End(steps);
        EndFinished();
        return steps;
    }

    /// <returns>0 when the next step is not one token of each running sequence.</returns>
    private int StepsToNextEnd()
    {
        if (_running.Count == 0 || _running.Count > Options.MaxTokensPerStep || _deadlines.Count > 0 || !Options.KeepKeysAndValues)
        {
            return 0;
        }

        int most = int.MaxValue;
        foreach (Sequence sequence in _running)
        {
            bool decodes = sequence.NeedsStep && sequence.PendingTokens == 1 && sequence.ComputedTokens >= sequence.PromptTokens
                && sequence.DraftCount == 0 && sequence.RemainingTokens > 0
                && sequence.Table.CountShared(sequence.ComputedTokens / Pool.BlockSize) == 0;
            if (!decodes)
            {
                return 0;
            }

            most = Math.Min(most, sequence.RemainingTokens);
        }

        return most;
    }

    /// <summary>
    /// Whether the request at the head of the queue might be admitted in the next step, in which the batch takes some blocks. It errs on
    /// the side of yes: where taking them evicts part of the prefix that was found, there is less room, not more.
    /// </summary>
    private bool MayAdmit(int growing)
    {
        Sequence head = _waiting.First;
        FindPrefix(head);
        return HasRoomFor(head, Options.ReserveForOutput ? SumPromised() : growing);
    }

    /// <summary>
    /// Sorts the batch by how far each sequence's last block is filled, keeping its order: who needs blocks when is seen from that.
    /// </summary>
    private void SortByPhase()
    {
        int size = Pool.BlockSize;
        if (_phaseStarts.Length < size + 1)
        {
            _phaseStarts = new int[size + 1];
        }

        if (_byPhase.Length < _running.Count)
        {
            _byPhase = new int[Math.Max(_running.Count, 2 * _byPhase.Length)];
        }

        Array.Clear(_phaseStarts);
        foreach (Sequence sequence in _running)
        {
            _phaseStarts[(sequence.ComputedTokens % size) + 1]++;
        }

        for (int phase = 1; phase <= size; phase++)
        {
            _phaseStarts[phase] += _phaseStarts[phase - 1];
        }

        for (int i = 0; i < _running.Count; i++)
        {
            _byPhase[_phaseStarts[_running[i].ComputedTokens % size]++] = i;
        }

        for (int phase = size; phase >= 1; phase--)
        {
            _phaseStarts[phase] = _phaseStarts[phase - 1]; // they were moved to the ends
        }

        _phaseStarts[0] = 0;
    }

    /// <summary>Places in the batch of the sequences whose computed tokens fill their blocks to a phase after some steps.</summary>
    private ReadOnlySpan<int> WithPhase(int steps, int phase)
    {
        int size = Pool.BlockSize;
        int now = (((phase - steps) % size) + size) % size;
        return _byPhase.AsSpan(_phaseStarts[now], _phaseStarts[now + 1] - _phaseStarts[now]);
    }

    private void Publish(ReadOnlySpan<int> filledUp, int steps)
    {
        if (!Pool.PrefixCaching)
        {
            return;
        }

        foreach (int index in filledUp)
        {
            Sequence sequence = _running[index];
            if (sequence.Request.UsePrefixCache)
            {
                sequence.AppendZeros(sequence.ComputedTokens + steps + 1 - sequence.TokenCount);
                Publish(sequence, sequence.ComputedTokens + steps);
            }
        }
    }

    private void Count(StepOutcome outcome, long filled)
    {
        RequireDuration(outcome);
        _statistics.Steps++;
        _statistics.StepSeconds += outcome.DurationSeconds;
        _statistics.Chunks += _running.Count;
        _statistics.MaxChunksPerStep = Math.Max(_statistics.MaxChunksPerStep, _running.Count);
        _statistics.DecodeTokens += _running.Count;
        _statistics.GeneratedTokens += _running.Count;
        _statistics.AllocatedSlotSteps += (long)Pool.UsedBlocks * Pool.BlockSize;
        _statistics.FilledSlotSteps += filled;
    }

    private void TakeIn(int steps)
    {
        if (steps == 0)
        {
            return;
        }

        double now = NowSeconds;
        foreach (Sequence sequence in _running)
        {
            int filledBefore = sequence.ComputedTokens;
            sequence.AppendZeros(filledBefore + steps + 1 - sequence.TokenCount);
            sequence.ComputedTokens += steps;
            sequence.LastTokenSeconds = now;
            NoteFilled(sequence, filledBefore);
        }
    }

    private void EndFinished()
    {
        double now = NowSeconds;
        _ending.Clear();
        foreach (Sequence sequence in _running)
        {
            if (sequence.RemainingTokens == 0)
            {
                _ending.Add((sequence, FinishReason.Length));
            }
        }

        foreach ((Sequence sequence, FinishReason reason) in _ending)
        {
            EndNow(sequence, reason, now);
            Observer?.OnEnded(sequence);
        }
    }
}
