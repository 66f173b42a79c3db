namespace Inferometer.Scheduling;

/// <content>What a step that was run ahead gave, as <see cref="EndStep"/> would take it in.</content>
public sealed partial class Scheduler
{
    private void CommitAhead(StepOutcome outcome, IAheadStepExecutor executor)
    {
        List<StepChunk> chunks = _plan.ChunkList;
        int members = _batchDecodes ? _batch.Count : 0;
        int all = members + chunks.Count;
        _promptTokensBefore = _statistics.PrefillTokens;
        _ahead += members > 0 ? 1 : 0;
        _run++;
        _aheadFilled += members;
        _statistics.Steps++;
        _statistics.StepSeconds += outcome.DurationSeconds;
        _statistics.Chunks += all;
        _statistics.MaxChunksPerStep = Math.Max(_statistics.MaxChunksPerStep, all);
        _statistics.DecodeTokens += members;
        _statistics.GeneratedTokens += members;
        if (members > 0)
        {
            PublishAhead();
        }

        _ending.Clear();
        double now = NowSeconds;
        _decodedAt = members > 0 ? now : _decodedAt;
        foreach (StepChunk chunk in chunks)
        {
            Commit(chunk, now);
        }

        _statistics.AllocatedSlotSteps += (long)Pool.UsedBlocks * Pool.BlockSize;
        _statistics.FilledSlotSteps += Pool.FilledSlots + _aheadFilled;
        while (_batch.Count > 0 && _batch.First.EndStep == _ahead)
        {
            Sequence sequence = _batch.First;
            Leave(sequence, executor);
            EndNow(sequence, FinishReason.Length, now);
            Observer?.OnEnded(sequence);
        }

        foreach ((Sequence sequence, FinishReason reason) in _ending)
        {
            EndNow(sequence, reason, now);
            Observer?.OnEnded(sequence);
        }

        if (chunks.Count > 0)
        {
            JoinThoseThatDecode(executor);
        }
    }

    private void JoinThoseThatDecode(IAheadStepExecutor executor)
    {
        int kept = 0;
        for (int i = 0; i < _prompting.Count; i++)
        {
            Sequence sequence = _prompting[i];
            if (sequence.State != SequenceState.Running)
            {
                continue;
            }

            if (Decodes(sequence))
            {
                Join(sequence, executor);
            }
            else
            {
                _prompting[kept++] = sequence;
            }
        }

        _prompting.RemoveRange(kept, _prompting.Count - kept);
    }

    private void PublishAhead()
    {
        if (!Pool.PrefixCaching)
        {
            return;
        }

        foreach (Sequence sequence in PhaseAt(-_ahead)) // this step filled up their last blocks
        {
            if (sequence.Request.UsePrefixCache)
            {
                int computed = sequence.ComputedTokens + _ahead - sequence.JoinStep;
                sequence.AppendZeros(computed + 1 - sequence.TokenCount);
                Publish(sequence, computed);
            }
        }
    }

    // A member as its steps leave it.
    private void Settle(Sequence sequence)
    {
        int steps = _ahead - sequence.JoinStep;
        if (steps == 0)
        {
            return;
        }

        int filledBefore = sequence.ComputedTokens;
        sequence.AppendZeros(filledBefore + steps + 1 - sequence.TokenCount);
        sequence.ComputedTokens += steps;
        sequence.LastTokenSeconds = _decodedAt;
        NoteFilled(sequence, filledBefore);
        _aheadFilled -= steps;
    }
}
