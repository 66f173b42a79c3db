namespace Inferometer.Scheduling;

/// <content>Which requests join the running ones, what the prefix cache has for them, and which have waited too long.</content>
public sealed partial class Scheduler
{
    // What was found for the request at the head of the queue; still true while the version and the hash after it are.
    private readonly List<int> _foundBlocks = [];
    private Sequence? _foundFor;
    private int _foundTokens;
    private int _foundIdle;
    private long _foundVersion;

    /// <summary>
    /// In order and without overtaking: a request that does not fit yet keeps those behind it waiting, so large ones do not starve.
    /// </summary>
    private void AdmitWaiting()
    {
        long promised = -1;
        while (_waiting.Count > 0 && _running.Count < Options.EffectiveMaxSequences && _budget > 0)
        {
            if (promised < 0)
            {
                promised = SumPromised();
            }

            Sequence sequence = _waiting.First;
            FindPrefix(sequence);
            if (!HasRoomFor(sequence, promised))
            {
                return;
            }

            int preemptedBefore = _plan.PreemptedList.Count;
            Admit(sequence);
            TryPlan(sequence);
            promised = _plan.PreemptedList.Count == preemptedBefore ? promised + StillPromised(sequence) : -1;
        }
    }

    private bool HasRoomFor(Sequence sequence, long promised)
    {
        int reserve = _running.Count == 0 ? 0 : (int)Math.Ceiling(Options.AdmissionReserve * Pool.BlockCount);
        return BlocksPromised(sequence) - _foundBlocks.Count <= Pool.AvailableBlocks - _foundIdle - promised - reserve;
    }

    private long SumPromised()
    {
        // A batch that runs ahead has the blocks of all its tokens, but for one each where it has not been planned yet.
        long promised = IsAhead && Options.PrefillFirst ? PhaseAt(-_ahead).Count : 0;
        foreach (Sequence running in IsAhead ? _prompting : _running)
        {
            promised += StillPromised(running);
        }

        return promised;
    }

    private int StillPromised(Sequence running) => Math.Max(0, BlocksPromised(running) - running.Table.Count);

    private int BlocksPromised(Sequence sequence) =>
        Pool.BlocksFor(Options.ReserveForOutput ? sequence.MaxTokens : sequence.TokenCount);

    /// <summary>
    /// Blocks at the start of a sequence that the cache holds. The last token is always computed, since its logits are wanted. A
    /// request that waits at the head of the queue is looked up again only when the answer may have changed.
    /// </summary>
    private void FindPrefix(Sequence sequence)
    {
        int limit = LookupBlocks(sequence);
        if (CanResume is null && ReferenceEquals(_foundFor, sequence) && _foundTokens == sequence.TokenCount
            && _foundVersion == Pool.PrefixVersion
            && (_foundBlocks.Count == limit || !Pool.IsPublished(sequence.HashOf(_foundBlocks.Count, Pool.BlockSize))))
        {
            return;
        }

        _foundFor = sequence;
        _foundTokens = sequence.TokenCount;
        _foundVersion = Pool.PrefixVersion;
        _foundIdle = 0;
        _foundBlocks.Clear();
        while (_foundBlocks.Count < limit)
        {
            int block = FindCached(sequence, _foundBlocks.Count);
            if (block < 0)
            {
                break;
            }

            _foundIdle += Pool.ReferenceCount(block) == 0 ? 1 : 0;
            _foundBlocks.Add(block);
        }

        while (_foundBlocks.Count > 0 && CanResume?.Invoke(_foundBlocks[^1], _foundBlocks.Count * Pool.BlockSize) is false)
        {
            _foundIdle -= Pool.ReferenceCount(_foundBlocks[^1]) == 0 ? 1 : 0;
            _foundBlocks.RemoveAt(_foundBlocks.Count - 1);
        }
    }

    private int LookupBlocks(Sequence sequence) =>
        Pool.PrefixCaching && Options.KeepKeysAndValues && sequence.Request.UsePrefixCache && !sequence.WantsPromptRows
            ? (sequence.TokenCount - 1) / Pool.BlockSize
            : 0;

    private int FindCached(Sequence sequence, int index)
    {
        UInt128 hash = sequence.HashOf(index, Pool.BlockSize);
        return Pool.Find(sequence.ParentHashOf(index), hash, sequence.Tokens.Slice(index * Pool.BlockSize, Pool.BlockSize));
    }

    private void Admit(Sequence sequence)
    {
        _marks.Add(new SequenceMark(sequence, SequenceMove.Admitted));
        sequence.MovedStep = _stepNumber;
        _plan.AdmittedList.Add(sequence);
        _waiting.Remove(sequence);
        foreach (int block in _foundBlocks)
        {
            sequence.Table.AddShared(block);
        }

        int cached = _foundBlocks.Count;
        _foundFor = null;
        Pool.CountLookup(cached, LookupBlocks(sequence) - cached);
        sequence.ComputedTokens = cached * Pool.BlockSize;
        sequence.PublishedBlocks = cached;
        sequence.State = SequenceState.Running;
        if (double.IsNaN(sequence.AdmittedSeconds))
        {
            sequence.AdmittedSeconds = _plan.BeginSeconds;
            sequence.PromptTokensBefore = _statistics.PrefillTokens;
            sequence.CachedPromptTokens = sequence.ComputedTokens;
            _statistics.CachedPromptTokens += sequence.ComputedTokens;
        }

        InsertRunning(sequence);
    }

    private void Expire(double now)
    {
        while (_deadlines.Count > 0 && _deadlines.First.Request.DeadlineSeconds <= now)
        {
            Sequence sequence = _deadlines.First;
            _marks.Add(new SequenceMark(sequence, SequenceMove.Expired));
            sequence.MovedStep = _stepNumber;
            EndNow(sequence, FinishReason.Deadline, now);
            _plan.ExpiredList.Add(sequence);
        }
    }
}
