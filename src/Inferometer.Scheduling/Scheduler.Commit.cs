using System.Diagnostics;

namespace Inferometer.Scheduling;

/// <content>What a step gave, taken into the sequences, the prefix cache and the counts.</content>
public sealed partial class Scheduler
{
    private void Commit(StepOutcome outcome)
    {
        double now = NowSeconds;
        _statistics.Steps++;
        _statistics.StepSeconds += outcome.DurationSeconds;
        _statistics.Chunks += _plan.Chunks.Count;
        _statistics.MaxChunksPerStep = Math.Max(_statistics.MaxChunksPerStep, _plan.Chunks.Count);
        foreach (StepChunk chunk in _plan.ChunkList)
        {
            if (chunk.Sequence.State == SequenceState.Running)
            {
                Commit(chunk, now);
            }
        }

        _statistics.AllocatedSlotSteps += (long)Pool.UsedBlocks * Pool.BlockSize;
        _statistics.FilledSlotSteps += Pool.FilledSlots;
        EndFinished();
    }

    private void Commit(StepChunk chunk, double now)
    {
        Sequence sequence = chunk.Sequence;
        int tokens = chunk.TokenCount - chunk.DraftTokens;
        int accepted = Math.Max(0, chunk.EmittedCount - 1);
        if (chunk.IsPrefill)
        {
            _statistics.PrefillTokens += chunk.TokenCount;
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
            return;
        }

        if (sequence.Request.UsePrefixCache && Pool.PrefixCaching)
        {
            Publish(sequence);
        }
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
        if (count > 0 && double.IsNaN(sequence.FirstTokenSeconds))
        {
            sequence.FirstTokenSeconds = now;
        }

        _statistics.GeneratedTokens += count;
    }

    private void NoteFilled(Sequence sequence, int filledBefore)
    {
        int size = Pool.BlockSize;
        for (int i = Math.Min(filledBefore, sequence.ComputedTokens) / size; i < sequence.Table.Count; i++)
        {
            Pool.SetFilled(sequence.Table[i], Math.Clamp(sequence.ComputedTokens - (i * size), 0, size));
        }
    }

    private void Publish(Sequence sequence)
    {
        int size = Pool.BlockSize;
        int full = sequence.ComputedTokens / size;
        for (int i = sequence.PublishedBlocks; i < full; i++)
        {
            UInt128 hash = sequence.HashOf(i, size);
            Pool.Publish(sequence.Table[i], sequence.ParentHashOf(i), hash, sequence.Tokens.Slice(i * size, size));
        }

        sequence.PublishedBlocks = full;
    }

    private void EndFinished()
    {
        foreach (StepChunk chunk in _plan.ChunkList)
        {
            Sequence sequence = chunk.Sequence;
            Debug.Assert(sequence.RemainingTokens >= 0, "a sequence grew past its limit");
            FinishReason reason = chunk.FinishReason;
            bool allComputed = Options.KeepKeysAndValues ? sequence.PendingTokens == 0 : chunk.LogitRows == 0;
            if (reason == FinishReason.None && sequence.RemainingTokens == 0 && (chunk.EmittedCount > 0 || (sequence.GeneratedTokens == 0 && allComputed)))
            {
                reason = FinishReason.Length;
            }

            if (reason != FinishReason.None && sequence.State == SequenceState.Running)
            {
                End(sequence, reason);
                _plan.AddFinished(sequence);
            }
        }
    }
}
