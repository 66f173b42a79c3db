using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling;

/// <summary>One step: block copies, then chunks. The scheduler owns it and fills it anew at every step.</summary>
public sealed class StepPlan
{
    private readonly List<StepChunk> _chunks = [];
    private readonly List<StepChunk> _spare = [];
    private readonly List<BlockCopy> _copies = [];
    private readonly List<Sequence> _finished = [];

    internal StepPlan()
    {
    }

    /// <summary>The parts of the step, decoding sequences first.</summary>
    public IReadOnlyList<StepChunk> Chunks => _chunks;

    /// <summary>Block copies to make before the arithmetic, in this order.</summary>
    public IReadOnlyList<BlockCopy> Copies => _copies;

    /// <summary>Sequences that ended in this step, expired ones included; complete once the step has run.</summary>
    public IReadOnlyList<Sequence> Finished => _finished;

    /// <summary>Tokens of all chunks.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Logit rows of all chunks.</summary>
    public int LogitRows { get; private set; }

    /// <summary>Nothing could be, or needed to be, computed.</summary>
    public bool IsEmpty => _chunks.Count == 0;

    internal List<StepChunk> ChunkList => _chunks;

    internal void Reset()
    {
        _spare.AddRange(_chunks);
        _chunks.Clear();
        _copies.Clear();
        _finished.Clear();
        TokenCount = 0;
        LogitRows = 0;
    }

    internal void Add(Sequence sequence, int tokens, int drafts, bool isPrefill)
    {
        StepChunk chunk;
        if (_spare.Count > 0)
        {
            chunk = _spare[^1];
            _spare.RemoveAt(_spare.Count - 1);
        }
        else
        {
            chunk = new StepChunk();
        }

        chunk.Set(sequence, tokens, drafts, isPrefill);
        _chunks.Add(chunk);
        TokenCount += chunk.TokenCount;
        LogitRows += chunk.LogitRows;
    }

    internal void AddCopy(BlockCopy copy) => _copies.Add(copy);

    internal void AddFinished(Sequence sequence) => _finished.Add(sequence);
}
