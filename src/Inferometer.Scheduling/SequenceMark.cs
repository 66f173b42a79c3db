using System.Runtime.InteropServices;

namespace Inferometer.Scheduling;

/// <summary>
/// A sequence as it was before a step moved it between queue, batch and end. Tokens and blocks are not in it: a step in flight changes
/// no tokens, and the pool takes blocks back itself.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SequenceMark
{
    private readonly SequenceState _state;
    private readonly FinishReason _finishReason;
    private readonly bool _isHeld;
    private readonly int _publishedBlocks;
    private readonly int _cachedPromptTokens;
    private readonly int _preemptions;
    private readonly int _draftCount;
    private readonly double _admittedSeconds;
    private readonly double _finishSeconds;

    public SequenceMark(Sequence sequence, SequenceMove move)
    {
        Sequence = sequence;
        Move = move;
        ComputedTokens = sequence.ComputedTokens;
        _state = sequence.State;
        _finishReason = sequence.FinishReason;
        _isHeld = sequence.IsHeld;
        _publishedBlocks = sequence.PublishedBlocks;
        _cachedPromptTokens = sequence.CachedPromptTokens;
        _preemptions = sequence.Preemptions;
        _draftCount = sequence.DraftCount;
        _admittedSeconds = sequence.AdmittedSeconds;
        _finishSeconds = sequence.FinishSeconds;
    }

    public Sequence Sequence { get; }

    public SequenceMove Move { get; }

    public int ComputedTokens { get; }

    /// <summary>True when the move was the sequence's first admission.</summary>
    public bool IsFirstAdmission => Move == SequenceMove.Admitted && double.IsNaN(_admittedSeconds);

    public void Restore()
    {
        Sequence.State = _state;
        Sequence.FinishReason = _finishReason;
        Sequence.IsHeld = _isHeld;
        Sequence.ComputedTokens = ComputedTokens;
        Sequence.PublishedBlocks = _publishedBlocks;
        Sequence.CachedPromptTokens = _cachedPromptTokens;
        Sequence.Preemptions = _preemptions;
        Sequence.RestoreDraftCount(_draftCount);
        Sequence.AdmittedSeconds = _admittedSeconds;
        Sequence.FinishSeconds = _finishSeconds;
    }
}

/// <summary>What a step does to a sequence when it is planned.</summary>
internal enum SequenceMove
{
    Admitted,
    Preempted,
    Expired,
}
