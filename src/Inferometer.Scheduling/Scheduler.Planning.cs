namespace Inferometer.Scheduling;

/// <content>Which sequences compute how many tokens in the next step.</content>
public sealed partial class Scheduler
{
    private int _budget;
    private int _promptRows; // that are still to be had in this step
    private bool _preempted;

    private void Plan()
    {
        _plan.Reset(NowSeconds);
        Expire(_plan.BeginSeconds);
        PlanOnce();
        while (_plan.IsEmpty && _running.Count > 0 && HasPending())
        {
            // Every block is held by sequences that wait for their owners (beams for their siblings): the least urgent gives way.
            PreemptForStep(_running[^1]);
            PlanOnce();
        }
    }

    private void PlanOnce()
    {
        _budget = Options.MaxTokensPerStep;
        _promptRows = Options.MaxPromptRowsPerStep;
        _preempted = false;
        bool joinRunning = Options.Batching != BatchingMode.Static || _running.Count == 0;
        if (Options.PrefillFirst)
        {
            PlanPrefillFirst(joinRunning);
            return;
        }

        if (PlanRunning(decoding: true))
        {
            PlanRunning(decoding: false);
        }

        if (joinRunning && !_preempted)
        {
            AdmitWaiting();
        }
    }

    private void PlanPrefillFirst(bool joinRunning)
    {
        PlanRunning(decoding: false);
        if (joinRunning && !_preempted)
        {
            AdmitWaiting();
        }

        if (_plan.IsEmpty)
        {
            PlanRunning(decoding: true);
        }
    }

    private bool HasPending()
    {
        bool pending = _waiting.Count > 0;
        foreach (Sequence sequence in _running)
        {
            pending |= sequence.NeedsStep;
        }

        return pending;
    }

    /// <summary>
    /// Decoding sequences go first, so that no prompt, however long, holds up a token; prompts share what is left of the budget.
    /// </summary>
    /// <returns>Whether sequences of the other kind were met, for which it takes a second pass.</returns>
    private bool PlanRunning(bool decoding)
    {
        bool metOthers = false;
        for (int i = 0; i < _running.Count && _budget > 0; i++)
        {
            Sequence sequence = _running[i];
            if (!sequence.NeedsStep)
            {
                continue;
            }

            if ((sequence.PendingTokens == 1 && sequence.ComputedTokens > 0) == decoding)
            {
                TryPlan(sequence); // takes blocks only from less urgent sequences, which come later in the list
            }
            else
            {
                metOthers = true;
            }
        }

        return metOthers;
    }

    private void TryPlan(Sequence sequence)
    {
        int pending = sequence.PendingTokens;
        int tokens = Math.Min(pending, sequence.WantsPromptRows ? Math.Min(_promptRows, _budget) : _budget);
        bool inOnePiece = !Options.ChunkedPrefill || !Options.KeepKeysAndValues;
        if (inOnePiece && tokens < pending)
        {
            if (!_plan.IsEmpty)
            {
                return;
            }

            tokens = pending;
        }

        int drafts = tokens == pending && sequence.DraftCount > 0
            ? Math.Max(0, Math.Min(sequence.DraftCount, Math.Min(_budget - tokens, sequence.RemainingTokens - 1)))
            : 0;
        if (drafts > 0 && MissingBlocks(sequence, tokens + drafts) > Pool.AvailableBlocks)
        {
            drafts = 0;
        }

        while (MissingBlocks(sequence, tokens + drafts) > Pool.AvailableBlocks && TryPreemptFor(sequence))
        {
        }

        if (MissingBlocks(sequence, tokens + drafts) > Pool.AvailableBlocks)
        {
            tokens = inOnePiece ? 0 : Math.Min(tokens, TokensThatFit(sequence));
            drafts = 0;
        }

        if (tokens > 0)
        {
            Take(sequence, tokens, drafts);
        }
    }

    private void Take(Sequence sequence, int tokens, int drafts)
    {
        int end = sequence.ComputedTokens + tokens + drafts;
        int first = sequence.ComputedTokens / Pool.BlockSize;
        bool isPrefill = sequence.ComputedTokens < sequence.PromptTokens || sequence.PendingTokens > 1;
        for (int i = first; i < sequence.Table.Count; i++)
        {
            if (Pool.ReferenceCount(sequence.Table[i]) > 1)
            {
                Blocks.BlockCopy copy = sequence.Table.Replace(i);
                int filled = Math.Clamp(sequence.ComputedTokens - (i * Pool.BlockSize), 0, Pool.BlockSize);
                Pool.SetFilled(copy.Target, filled);
                if (filled > 0)
                {
                    _plan.CopyList.Add(copy);
                }
            }
        }

        if (!sequence.Table.TryGrow(end))
        {
            throw new InvalidOperationException("the blocks of a planned chunk are not available");
        }

        _plan.Add(sequence, tokens, drafts, isPrefill);
        sequence.PlannedStep = _stepNumber;
        _budget -= tokens + drafts;
        _promptRows -= sequence.WantsPromptRows ? tokens : 0;
    }

    /// <summary>Blocks to allocate before the next tokens can be written: new ones, and copies of those shared with others.</summary>
    private int MissingBlocks(Sequence sequence, int tokens) =>
        Math.Max(0, Pool.BlocksFor(sequence.ComputedTokens + tokens) - sequence.Table.Count)
            + sequence.Table.CountShared(sequence.ComputedTokens / Pool.BlockSize);

    private int TokensThatFit(Sequence sequence)
    {
        int copies = sequence.Table.CountShared(sequence.ComputedTokens / Pool.BlockSize);
        int extra = Pool.AvailableBlocks - copies;
        long slots = (long)(sequence.Table.Count + extra) * Pool.BlockSize;
        return extra < 0 ? 0 : (int)Math.Min(int.MaxValue, slots - sequence.ComputedTokens);
    }

    /// <summary>
    /// Takes the blocks of the least urgent running sequence, if it is less urgent than <paramref name="sequence"/> and not in this
    /// step already.
    /// </summary>
    private bool TryPreemptFor(Sequence sequence)
    {
        for (int i = _running.Count - 1; i >= 0; i--)
        {
            Sequence victim = _running[i];
            if (!ByUrgency.IsBefore(sequence, victim))
            {
                return false;
            }

            if (victim.PlannedStep != _stepNumber)
            {
                PreemptForStep(victim);
                return true;
            }
        }

        return false;
    }

    private void PreemptForStep(Sequence victim)
    {
        _marks.Add(new SequenceMark(victim, SequenceMove.Preempted));
        victim.MovedStep = _stepNumber;
        _preempted = true;
        _plan.PreemptedList.Add(victim);
        Preempt(victim);
    }

    private void Preempt(Sequence victim)
    {
        _running.Remove(victim);
        _statistics.Preemptions++;
        _statistics.DiscardedTokens += victim.ComputedTokens;
        victim.Preemptions++;
        victim.Table.Truncate(0);
        victim.ComputedTokens = 0;
        victim.PublishedBlocks = 0;
        victim.IsHeld = false;
        victim.DropDraft();
        Enqueue(victim);
    }
}
