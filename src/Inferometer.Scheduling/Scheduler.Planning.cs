namespace Inferometer.Scheduling;

/// <content>Which sequences compute how many tokens in the next step.</content>
public sealed partial class Scheduler
{
    private int _budget;
    private bool _preempted;

    private void Plan()
    {
        _plan.Reset();
        if (_sequencesWithDeadline > 0)
        {
            Expire(NowSeconds);
        }

        PlanOnce();
        while (_plan.IsEmpty && _running.Count > 0 && HasPending())
        {
            // Every block is held by sequences that wait for their owners (beams for their siblings): the least urgent gives way.
            Preempt(_running[^1]);
            PlanOnce();
        }
    }

    private void PlanOnce()
    {
        _budget = Options.MaxTokensPerStep;
        _preempted = false;
        bool joinRunning = Options.Batching != BatchingMode.Static || _running.Count == 0;
        foreach (Sequence sequence in _running)
        {
            sequence.IsPlanned = false;
        }

        PlanRunning(decoding: true);
        PlanRunning(decoding: false);
        if (joinRunning && !_preempted)
        {
            AdmitWaiting();
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

    /// <summary>Decoding sequences go first, so that no prompt, however long, holds up a token; prompts share what is left of the budget.</summary>
    private void PlanRunning(bool decoding)
    {
        for (int i = 0; i < _running.Count && _budget > 0; i++)
        {
            Sequence sequence = _running[i];
            bool isDecoding = sequence.PendingTokens == 1 && sequence.ComputedTokens > 0;
            if (sequence.NeedsStep && isDecoding == decoding)
            {
                TryPlan(sequence); // takes blocks only from less urgent sequences, which come later in the list
            }
        }
    }

    private void TryPlan(Sequence sequence)
    {
        int pending = sequence.PendingTokens;
        int tokens = Math.Min(pending, _budget);
        bool inOnePiece = !Options.ChunkedPrefill || !Options.KeepKeysAndValues;
        if (inOnePiece && tokens < pending)
        {
            if (!_plan.IsEmpty)
            {
                return;
            }

            tokens = pending;
        }

        int drafts = tokens == pending ? Math.Max(0, Math.Min(sequence.DraftCount, Math.Min(_budget - tokens, sequence.RemainingTokens - 1))) : 0;
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
                    _plan.AddCopy(copy);
                }
            }
        }

        if (!sequence.Table.TryGrow(end))
        {
            throw new InvalidOperationException("the blocks of a planned chunk are not available");
        }

        _plan.Add(sequence, tokens, drafts, isPrefill);
        sequence.IsPlanned = true;
        _budget -= tokens + drafts;
    }

    /// <summary>Blocks to allocate before the next tokens can be written: new ones, and copies of those shared with others.</summary>
    private int MissingBlocks(Sequence sequence, int tokens) =>
        Math.Max(0, Pool.BlocksFor(sequence.ComputedTokens + tokens) - sequence.Table.Count)
            + sequence.Table.CountShared(sequence.ComputedTokens / Pool.BlockSize);

    private int TokensThatFit(Sequence sequence)
    {
        int copies = sequence.Table.CountShared(sequence.ComputedTokens / Pool.BlockSize);
        int extra = Pool.AvailableBlocks - copies;
        return extra < 0 ? 0 : (int)Math.Min(int.MaxValue, ((long)(sequence.Table.Count + extra) * Pool.BlockSize) - sequence.ComputedTokens);
    }

    /// <summary>Takes the blocks of the least urgent running sequence, if it is less urgent than <paramref name="sequence"/> and not in this step already.</summary>
    private bool TryPreemptFor(Sequence sequence)
    {
        for (int i = _running.Count - 1; i >= 0; i--)
        {
            Sequence victim = _running[i];
            if (!IsMoreUrgent(sequence, victim))
            {
                return false;
            }

            if (!victim.IsPlanned)
            {
                Preempt(victim);
                return true;
            }
        }

        return false;
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
        _preempted = true;
        Enqueue(victim);
    }

    /// <summary>In order and without overtaking: a request that does not fit yet keeps those behind it waiting, so large ones do not starve.</summary>
    private void AdmitWaiting()
    {
        while (_waiting.Count > 0 && _running.Count < Options.EffectiveMaxSequences && _budget > 0)
        {
            Sequence sequence = _waiting[^1];
            int cached = CountCachedBlocks(sequence, out int idle);
            if (!HasRoomFor(sequence, cached, idle))
            {
                return;
            }

            _waiting.RemoveAt(_waiting.Count - 1);
            Admit(sequence, cached);
            TryPlan(sequence);
        }
    }

    private bool HasRoomFor(Sequence sequence, int cachedBlocks, int idleCachedBlocks)
    {
        int reserve = _running.Count == 0 ? 0 : (int)Math.Ceiling(Options.AdmissionReserve * Pool.BlockCount);
        int promised = 0;
        foreach (Sequence running in _running)
        {
            promised += Math.Max(0, BlocksPromised(running) - running.Table.Count);
        }

        return BlocksPromised(sequence) - cachedBlocks <= Pool.AvailableBlocks - idleCachedBlocks - promised - reserve;
    }

    private int BlocksPromised(Sequence sequence) =>
        Pool.BlocksFor(Options.ReserveForOutput ? sequence.MaxTokens : sequence.TokenCount);

    /// <summary>Blocks at the start of a sequence that the cache holds. The last token is always computed, since its logits are wanted.</summary>
    private int CountCachedBlocks(Sequence sequence, out int idle)
    {
        idle = 0;
        int count = 0;
        int limit = LookupBlocks(sequence);
        for (; count < limit; count++)
        {
            int block = FindCached(sequence, count);
            if (block < 0)
            {
                break;
            }

            idle += Pool.ReferenceCount(block) == 0 ? 1 : 0;
        }

        return count;
    }

    private int LookupBlocks(Sequence sequence) =>
        Pool.PrefixCaching && Options.KeepKeysAndValues && sequence.Request.UsePrefixCache ? (sequence.TokenCount - 1) / Pool.BlockSize : 0;

    private int FindCached(Sequence sequence, int index)
    {
        UInt128 hash = sequence.HashOf(index, Pool.BlockSize);
        return Pool.Find(sequence.ParentHashOf(index), hash, sequence.Tokens.Slice(index * Pool.BlockSize, Pool.BlockSize));
    }

    private void Admit(Sequence sequence, int cachedBlocks)
    {
        for (int i = 0; i < cachedBlocks; i++)
        {
            sequence.Table.AddShared(FindCached(sequence, i));
        }

        Pool.CountLookup(cachedBlocks, LookupBlocks(sequence) - cachedBlocks);
        sequence.ComputedTokens = cachedBlocks * Pool.BlockSize;
        sequence.PublishedBlocks = cachedBlocks;
        sequence.State = SequenceState.Running;
        sequence.IsPlanned = false;
        if (double.IsNaN(sequence.AdmittedSeconds))
        {
            sequence.AdmittedSeconds = NowSeconds;
            sequence.CachedPromptTokens = sequence.ComputedTokens;
            _statistics.CachedPromptTokens += sequence.ComputedTokens;
        }

        InsertRunning(sequence);
    }

    private void Expire(double now)
    {
        ExpireIn(_waiting, now);
        ExpireIn(_running, now);
    }

    private void ExpireIn(List<Sequence> sequences, double now)
    {
        for (int i = sequences.Count - 1; i >= 0; i--)
        {
            Sequence sequence = sequences[i];
            if (sequence.Request.DeadlineSeconds <= now)
            {
                End(sequence, FinishReason.Deadline);
                _plan.AddFinished(sequence);
            }
        }
    }
}
