namespace Inferometer.Scheduling;

/// <summary>One sequence's part of a step: a piece of prompt, or the last token with what was drafted after it. Reused from step to step; valid during the step that it belongs to.</summary>
public sealed class StepChunk
{
    private int[] _emitted = new int[8];
    private int[] _nextDraft = new int[8];
    private int _nextDraftCount;

    internal StepChunk()
    {
    }

    /// <summary>The sequence.</summary>
    public Sequence Sequence { get; private set; } = null!;

    /// <summary>Tokens before this chunk whose keys and values are in the cache.</summary>
    public int PastTokens { get; private set; }

    /// <summary>Tokens to compute, drafted ones included.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Drafted tokens at the chunk's end, to be verified.</summary>
    public int DraftTokens { get; private set; }

    /// <summary>Last rows of the chunk whose logits are wanted: 0 (more prompt follows), 1, or 1 + <see cref="DraftTokens"/>.</summary>
    public int LogitRows { get; private set; }

    /// <summary>True when the chunk computes prompt, or recomputes after a preemption; false for a decode step.</summary>
    public bool IsPrefill { get; private set; }

    /// <summary>The tokens to compute.</summary>
    public ReadOnlyMemory<int> Tokens => Sequence.TokenMemory.Slice(PastTokens, TokenCount);

    /// <summary>Blocks of the sequence from position 0, enough for the chunk.</summary>
    public ReadOnlyMemory<int> BlockTable => Sequence.Table.Blocks;

    /// <summary>Tokens emitted so far in this step.</summary>
    public ReadOnlySpan<int> Emitted => _emitted.AsSpan(0, EmittedCount);

    /// <summary>Number of tokens emitted so far in this step.</summary>
    public int EmittedCount { get; private set; }

    /// <summary>Set by <see cref="Finish"/>.</summary>
    public FinishReason FinishReason { get; private set; }

    /// <summary>
    /// Appends a token to the sequence. With drafts: first the accepted drafts in order, then one more token.
    /// </summary>
    /// <exception cref="InvalidOperationException">More tokens than <see cref="LogitRows"/>, a token after a rejected draft, or none was wanted.</exception>
    public void Emit(int token)
    {
        if (EmittedCount >= LogitRows)
        {
            throw new InvalidOperationException($"the chunk gives at most {LogitRows} tokens");
        }

        if (EmittedCount > 0 && _emitted[EmittedCount - 1] != Tokens.Span[TokenCount - DraftTokens + EmittedCount - 1])
        {
            throw new InvalidOperationException("a token cannot follow one that differs from its draft");
        }

        if (EmittedCount == _emitted.Length)
        {
            Array.Resize(ref _emitted, EmittedCount * 2);
        }

        _emitted[EmittedCount++] = token;
    }

    /// <summary>Proposes tokens to be verified together with the one that this step gives, in the next step; replaces an earlier proposal. The scheduler takes as many as budget, memory and length allow.</summary>
    public void ProposeDraft(ReadOnlySpan<int> tokens)
    {
        if (tokens.Length > _nextDraft.Length)
        {
            _nextDraft = new int[tokens.Length * 2];
        }

        tokens.CopyTo(_nextDraft);
        _nextDraftCount = tokens.Length;
    }

    /// <summary>Fills in a draft that was proposed as a mere place, before it is verified: a draft model runs in the step that has slots for its tokens.</summary>
    /// <param name="index">Number of the draft, from 0 to below <see cref="DraftTokens"/>.</param>
    /// <param name="token">The token drafted.</param>
    public void ReplaceDraft(int index, int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, DraftTokens);
        Sequence.ReplaceDraft(index, token);
    }

    /// <summary>Ends the sequence after this step.</summary>
    public void Finish(FinishReason reason) => FinishReason = reason;

    internal ReadOnlySpan<int> NextDraft => _nextDraft.AsSpan(0, _nextDraftCount);

    internal void Set(Sequence sequence, int tokens, int drafts, bool isPrefill)
    {
        Sequence = sequence;
        PastTokens = sequence.ComputedTokens;
        TokenCount = tokens + drafts;
        DraftTokens = drafts;
        bool reachesEnd = sequence.ComputedTokens + tokens == sequence.TokenCount;
        LogitRows = reachesEnd && sequence.RemainingTokens > 0 ? 1 + drafts : 0;
        IsPrefill = isPrefill;
        EmittedCount = 0;
        _nextDraftCount = 0;
        FinishReason = FinishReason.None;
    }
}
