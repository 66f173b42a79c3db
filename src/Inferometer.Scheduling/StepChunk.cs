namespace Inferometer.Scheduling;

/// <summary>
/// One sequence's part of a step: a piece of prompt, or the last token with what was drafted after it. Reused from step to step; valid
/// until the next one begins. What an executor says to it takes effect when the step ends, and not at all if the step is abandoned.
/// </summary>
public sealed class StepChunk
{
    private int[] _emitted = new int[8];
    private int[] _nextDraft = new int[8];
    private int _nextDraftCount;
    private int[] _replacedDraft = [];
    private bool _hasReplacedDraft;

    internal StepChunk()
    {
    }

    /// <summary>The sequence.</summary>
    public Sequence Sequence { get; private set; } = null!;

    /// <summary>Tokens before this chunk whose keys and values are in the cache.</summary>
    public int PastTokens { get; private set; }

    /// <summary>Tokens to compute, drafted ones included.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Tokens that the chunk's last row attends to: those before and those computed.</summary>
    public int ContextTokens => PastTokens + TokenCount;

    /// <summary>Drafted tokens at the chunk's end, to be verified.</summary>
    public int DraftTokens { get; private set; }

    /// <summary>Last rows of the chunk whose logits are wanted: 0 (more prompt follows), 1, or 1 + <see cref="DraftTokens"/>.</summary>
    public int LogitRows { get; private set; }

    /// <summary>
    /// Rows of logits that are wanted before those of <see cref="LogitRows"/>, of all other tokens of the chunk:
    /// 0 unless <see cref="SequenceRequest.WantsPromptRows"/>. No token is emitted for them.
    /// </summary>
    public int PromptRows { get; private set; }

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
    /// <exception cref="InvalidOperationException">
    /// More tokens than <see cref="LogitRows"/>, a token after a rejected draft, or none was wanted.
    /// </exception>
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

    /// <summary>
    /// Emits the first <paramref name="acceptedDrafts"/> drafts as they stand, and one more token after them: the outcome of verifying
    /// drafts, for an executor that knows how many were right and computes no tokens.
    /// </summary>
    /// <param name="acceptedDrafts">From 0 to <see cref="DraftTokens"/>.</param>
    /// <param name="token">The token after them; any number where tokens mean nothing.</param>
    /// <exception cref="InvalidOperationException">Something was emitted already, or nothing was wanted.</exception>
    public void EmitAccepted(int acceptedDrafts, int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(acceptedDrafts);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(acceptedDrafts, DraftTokens);
        if (EmittedCount > 0)
        {
            throw new InvalidOperationException($"the chunk has emitted {EmittedCount} tokens already");
        }

        for (int i = 0; i < acceptedDrafts; i++)
        {
            Emit(Tokens.Span[TokenCount - DraftTokens + i]);
        }

        Emit(token);
    }

    /// <summary>
    /// Proposes tokens to be verified together with the one that this step gives, in the next step; replaces an earlier proposal. The
    /// scheduler takes as many as budget, memory and length allow.
    /// </summary>
    public void ProposeDraft(ReadOnlySpan<int> tokens)
    {
        if (tokens.Length > _nextDraft.Length)
        {
            _nextDraft = new int[tokens.Length * 2];
        }

        tokens.CopyTo(_nextDraft);
        _nextDraftCount = tokens.Length;
    }

    /// <summary>
    /// Proposes places for drafts that are filled in when they are verified (<see cref="ReplaceDraft"/>), or never, where tokens mean
    /// nothing (<see cref="EmitAccepted"/>).
    /// </summary>
    public void ProposeDraftPlaces(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count > _nextDraft.Length)
        {
            _nextDraft = new int[count * 2];
        }

        _nextDraft.AsSpan(0, count).Clear();
        _nextDraftCount = count;
    }

    /// <summary>
    /// Fills in a draft that was proposed as a mere place, before it is verified: a draft model runs in the step that has slots for its
    /// tokens. Taken back when the step is abandoned.
    /// </summary>
    /// <param name="index">Number of the draft, from 0 to below <see cref="DraftTokens"/>.</param>
    /// <param name="token">The token drafted.</param>
    public void ReplaceDraft(int index, int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, DraftTokens);
        if (!_hasReplacedDraft)
        {
            ReadOnlySpan<int> drafts = Tokens.Span[(TokenCount - DraftTokens)..];
            if (_replacedDraft.Length < drafts.Length)
            {
                _replacedDraft = new int[drafts.Length * 2];
            }

            drafts.CopyTo(_replacedDraft);
            _hasReplacedDraft = true;
        }

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
        PromptRows = sequence.WantsPromptRows ? TokenCount - LogitRows : 0;
        IsPrefill = isPrefill;
        EmittedCount = 0;
        _nextDraftCount = 0;
        FinishReason = FinishReason.None;
        _hasReplacedDraft = false;
    }

    /// <summary>Puts back the drafts that were replaced during the step.</summary>
    internal void TakeBackDrafts()
    {
        for (int i = 0; _hasReplacedDraft && i < DraftTokens; i++)
        {
            Sequence.ReplaceDraft(i, _replacedDraft[i]);
        }

        _hasReplacedDraft = false;
    }
}
