using System.Diagnostics;

namespace Inferometer.Scheduling;

/// <content>What a step gave, taken into the sequences, the prefix cache and the counts.</content>
public sealed partial class Scheduler
{
    private readonly List<(Sequence Sequence, FinishReason Reason)> _ending = [];
    private long _promptTokensBefore; // computed before the step that was taken in last

    private void Commit(StepOutcome outcome)
    {
        double now = NowSeconds;
        _plan.EndSeconds = now;
        _plan.FinishedList.AddRange(_plan.ExpiredList);
        foreach (Sequence expired in _plan.ExpiredList)
        {
            Observer?.OnEnded(expired);
        }

        if (!_plan.IsEmpty)
        {
            CommitChunks(outcome, now);
        }

        EndPending(now);
        if (!_plan.IsEmpty)
        {
            Observer?.OnStepEnded(_plan, outcome);
        }
    }

    private void CommitChunks(StepOutcome outcome, double now)
    {
        List<StepChunk> chunks = _plan.ChunkList;
        _promptTokensBefore = _statistics.PrefillTokens;
        _statistics.Steps++;
        _statistics.StepSeconds += outcome.DurationSeconds;
        _statistics.Chunks += chunks.Count;
        _statistics.MaxChunksPerStep = Math.Max(_statistics.MaxChunksPerStep, chunks.Count);
        _ending.Clear();
        foreach (StepChunk chunk in chunks)
        {
            if (chunk.Sequence.PendingEnd == FinishReason.None) // else its owner wants nothing of it any more
            {
                Commit(chunk, now);
            }
        }

        _statistics.AllocatedSlotSteps += (long)Pool.UsedBlocks * Pool.BlockSize;
        _statistics.FilledSlotSteps += Pool.FilledSlots;
        foreach ((Sequence sequence, FinishReason reason) in _ending)
        {
            EndNow(sequence, reason, now);
            _plan.FinishedList.Add(sequence);
            Observer?.OnEnded(sequence);
        }
    }

    private void CountRead(Sequence sequence, int computed)
    {
        int read = Math.Min(computed, sequence.PromptTokens);
        _statistics.PromptTokensRead += Math.Max(0, read - sequence.PromptTokensRead);
        sequence.PromptTokensRead = Math.Max(read, sequence.PromptTokensRead);
    }

    private void Commit(StepChunk chunk, double now)
    {
        Sequence sequence = chunk.Sequence;
        int tokens = chunk.TokenCount - chunk.DraftTokens;
        int accepted = Math.Max(0, chunk.EmittedCount - 1);
        if (chunk.IsPrefill)
        {
            _statistics.PrefillTokens += chunk.TokenCount;
            CountRead(sequence, sequence.ComputedTokens + tokens);
        }
        else
        {
            _statistics.DecodeTokens += chunk.TokenCount;
        }

        _statistics.DraftedTokens += chunk.DraftTokens;
        _statistics.AcceptedDraftTokens += accepted;
        int filledBefore = sequence.ComputedTokens;
        sequence.ComputedTokens += tokens + accepted;
        if (chunk.LogitRows > 0)
        {
            Accept(sequence, chunk);
            NoteTokens(sequence, chunk.EmittedCount, now);
        }

        NoteFilled(sequence, filledBefore);
        if (chunk.DraftTokens > accepted)
        {
            sequence.Table.Truncate(Pool.BlocksFor(sequence.ComputedTokens)); // slots of rejected drafts go back
        }

        if (!Options.KeepKeysAndValues)
        {
            sequence.ComputedTokens = 0;
        }
        else if (sequence.Request.UsePrefixCache && Pool.PrefixCaching)
        {
            Publish(sequence, sequence.ComputedTokens);
        }

        FinishReason reason = ReasonToEnd(chunk);
        if (reason != FinishReason.None)
        {
            _ending.Add((sequence, reason));
        }
    }

    private FinishReason ReasonToEnd(StepChunk chunk)
    {
        Sequence sequence = chunk.Sequence;
        Debug.Assert(sequence.RemainingTokens >= 0, "a sequence grew past its limit");
        if (chunk.FinishReason != FinishReason.None || sequence.RemainingTokens > 0)
        {
            return chunk.FinishReason;
        }

        bool allComputed = Options.KeepKeysAndValues ? sequence.PendingTokens == 0 : chunk.LogitRows == 0;
        return chunk.EmittedCount > 0 || (sequence.GeneratedTokens == 0 && allComputed) ? FinishReason.Length : FinishReason.None;
    }

    private static void Accept(Sequence sequence, StepChunk chunk)
    {
        sequence.IsHeld = chunk.EmittedCount == 0;
        foreach (int token in chunk.Emitted)
        {
            sequence.Append(token);
        }

        sequence.SetDraft(chunk.NextDraft);
    }

    private void NoteTokens(Sequence sequence, int count, double now)
    {
        if (count == 0)
        {
            return;
        }

        if (double.IsNaN(sequence.FirstTokenSeconds))
        {
            sequence.FirstTokenSeconds = now;
            sequence.PromptTokensUntilFirst = _promptTokensBefore + _plan.PrefillTokens - sequence.PromptTokensBefore;
        }

        sequence.LastTokenSeconds = now;
        _statistics.GeneratedTokens += count;
        Observer?.OnTokens(sequence, count, now);
    }

    private void NoteFilled(Sequence sequence, int filledBefore)
    {
        int size = Pool.BlockSize;
        for (int i = Math.Min(filledBefore, sequence.ComputedTokens) / size; i < sequence.Table.Count; i++)
        {
            Pool.SetFilled(sequence.Table[i], Math.Clamp(sequence.ComputedTokens - (i * size), 0, size));
        }
    }

    private void Publish(Sequence sequence, int computedTokens)
    {
        int size = Pool.BlockSize;
        int full = computedTokens / size;
        for (int i = sequence.PublishedBlocks; i < full; i++)
        {
            UInt128 hash = sequence.HashOf(i, size);
            Pool.Publish(sequence.Table[i], sequence.ParentHashOf(i), hash, sequence.Tokens.Slice(i * size, size));
        }

        sequence.PublishedBlocks = full;
    }
}
