namespace Inferometer.Scheduling;

/// <content>What the next step that is run ahead computes, as <see cref="BeginStep"/> would plan it.</content>
public sealed partial class Scheduler
{
    /// <summary>
    /// Whether the next step decodes a token of every member that does not give way to a more urgent one, and prompts need no room beside.
    /// It errs on the side of no: blocks that two of those who give way share are not counted.
    /// </summary>
    private bool CanPlanAhead() => Options.PrefillFirst && _prompting.Count > 0 ? CanPlanPrompts() : CanPlanBatch();

    private bool CanPlanPrompts()
    {
        int available = Pool.AvailableBlocks;
        return TakePrompts(_running.Count, Options.MaxTokensPerStep, ref available) && available >= 0;
    }

    private bool CanPlanBatch()
    {
        int available = Pool.AvailableBlocks;
        int kept = _running.Count; // those behind give way
        int members = _batch.Count;
        if (members > Options.MaxTokensPerStep)
        {
            return false;
        }

        foreach (Sequence growing in PhaseAt(-_ahead))
        {
            if (GivesWay(growing, kept))
            {
                break;
            }

            while (available < 1)
            {
                Sequence victim = _running[kept - 1];
                if (!ByUrgency.IsBefore(growing, victim))
                {
                    return false;
                }

                available += victim.Table.Count - victim.Table.CountShared(0);
                members -= victim.EndSlot >= 0 ? 1 : 0;
                kept--;
            }

            available--;
        }

        return TakePrompts(kept, Options.MaxTokensPerStep - members, ref available) && available >= 0;
    }

    private bool TakePrompts(int kept, int budget, ref int available)
    {
        foreach (Sequence sequence in _prompting)
        {
            if (GivesWay(sequence, kept))
            {
                break;
            }

            if (sequence.PendingTokens == 1 && sequence.ComputedTokens > 0)
            {
                return false; // the last token of a prompt goes with those that decode
            }

            int tokens = Math.Min(sequence.PendingTokens, budget);
            available -= tokens > 0 ? MissingBlocks(sequence, tokens) : 0;
            budget -= tokens;
        }

        return true;
    }

    private bool GivesWay(Sequence sequence, int kept) => kept < _running.Count && !ByUrgency.IsBefore(sequence, _running[kept]);

    private void PlanAhead(IAheadStepExecutor executor)
    {
        bool admits = _waiting.Count > 0 && _running.Count < Options.EffectiveMaxSequences;
        List<Sequence> growing = PhaseAt(-_ahead); // their last blocks are full
        if (_prompting.Count > 0 || admits || growing.Count > Pool.AvailableBlocks)
        {
            _plan.Reset(NowSeconds);
            _marks.Clear();
            _stepNumber++;
            _preempted = false;
        }
        else if (!_plan.IsEmpty)
        {
            _plan.Reset(0);
        }

        if (Options.PrefillFirst)
        {
            _budget = Options.MaxTokensPerStep;
            PlanPrompts(admits);
            _batchDecodes = _plan.IsEmpty && _batch.Count > 0;
            if (_batchDecodes)
            {
                Grow(growing, executor);
            }

            return;
        }

        _batchDecodes = _batch.Count > 0;
        Grow(growing, executor);
        _budget = Options.MaxTokensPerStep - _batch.Count;
        PlanPrompts(admits);
    }

    private void Grow(List<Sequence> growing, IAheadStepExecutor executor)
    {
        for (int i = 0; i < growing.Count; i++)
        {
            while (Pool.AvailableBlocks < 1)
            {
                GiveWay(_running[^1], executor);
            }

            Sequence sequence = growing[i];
            sequence.Table.TryGrow(sequence.ComputedTokens + _ahead - sequence.JoinStep + 1);
        }
    }

    private void PlanPrompts(bool admits)
    {
        for (int i = 0; i < _prompting.Count && _budget > 0; i++)
        {
            TryPlan(_prompting[i]);
        }

        if (admits && !_preempted)
        {
            AdmitWaiting();
            foreach (Sequence admitted in _plan.AdmittedList)
            {
                Insert(_prompting, admitted);
            }
        }
    }

    private void GiveWay(Sequence victim, IAheadStepExecutor executor)
    {
        if (victim.EndSlot < 0)
        {
            _prompting.Remove(victim);
        }
        else
        {
            Leave(victim, executor);
        }

        PreemptForStep(victim);
    }
}
